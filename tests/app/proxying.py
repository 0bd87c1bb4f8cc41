"""A real nginx or caddy in front of a server, with the configuration that README gives. Skipped with a plain reason where there is none."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.app.serving import free_port

PATH = "/studio"
NGINX = """\
{user}
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{ return 404; }}
    location = {path} {{ return 308 {path}/; }}
    location {path}/ {{
      proxy_pass {upstream}{stripped};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-For $remote_addr;
      {told}
      client_max_body_size 8m;
      proxy_read_timeout 1h;
    }}
  }}
}}
"""
CADDY = """\
{{
  admin off
  auto_https off
}}
http://127.0.0.1:{port} {{
  redir {path} {path}/
  {handle} {path}/* {{
    reverse_proxy {upstream} {{
      {told}
    }}
  }}
}}
"""


@contextmanager
def proxied(kind: str, upstream: str, folder: Path, *, stripped: bool, told: bool) -> Iterator[str]:
    """Yields the address below which the server at `upstream` is served.

    Args:
        kind: nginx or caddy.
        upstream: Address of the server.
        folder: Empty, for what the proxy writes.
        stripped: Whether the proxy takes the path off.
        told: Whether it says the path in X-Forwarded-Prefix.
    """
    binary = shutil.which(kind)
    if binary is None:
        missing = f"no {kind} on this machine; Debian: apt-get install nginx-light caddy"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    port = free_port()
    if kind == "nginx":
        header = f"proxy_set_header X-Forwarded-Prefix {PATH};" if told else ""
        user = "user root;" if os.geteuid() == 0 else ""
        text = NGINX.format(user=user, folder=folder, port=port, path=PATH, upstream=upstream, stripped="/" if stripped else "", told=header)
        command = [binary, "-p", str(folder), "-c", str(folder / "conf")]
    else:
        header = f"header_up X-Forwarded-Prefix {PATH}" if told else ""
        text = CADDY.format(port=port, path=PATH, upstream=upstream.removeprefix("http://"), handle="handle_path" if stripped else "handle", told=header)
        command = [binary, "run", "--adapter", "caddyfile", "--config", str(folder / "conf")]
    (folder / "conf").write_text(text)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder)})
    try:
        _wait(process, f"http://127.0.0.1:{port}", folder)
        yield f"http://127.0.0.1:{port}{PATH}"
    finally:
        process.terminate()
        process.wait(10)


def _wait(process: subprocess.Popen[bytes], url: str, folder: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(url, timeout=2, trust_env=False)
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"The proxy did not answer:\n{(folder / 'log').read_text()}")
