"""A real nginx or caddy in front of a server, with TLS and the configuration that docs/deployment.md gives. Skipped with a plain reason where there is none."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.app.deployment import block, replaced
from tests.app.serving import free_port

PATH = "/studio"
TOLD = {"nginx": f"    proxy_set_header X-Forwarded-Prefix {PATH};\n", "caddy": f"      header_up X-Forwarded-Prefix {PATH}\n"}
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
  {servers}
}}
"""
CADDY = """\
{{
  admin off
  auto_https off
}}
{site}
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
    certificate = make_certificate(folder)
    text = block(kind)
    if not told:
        text = replaced(text, (TOLD[kind], ""))
    if kind == "nginx":
        text = _nginx(text, folder, port, upstream, stripped)
        command = [binary, "-p", str(folder), "-c", str(folder / "conf")]
    else:
        text = _caddy(text, certificate, port, upstream, stripped)
        command = [binary, "run", "--adapter", "caddyfile", "--config", str(folder / "conf")]
    (folder / "conf").write_text(text)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder)})
    try:
        _wait(process, f"https://127.0.0.1:{port}", folder)
        yield f"https://127.0.0.1:{port}{PATH}"
    finally:
        process.terminate()
        process.wait(10)


def _nginx(text: str, folder: Path, port: int, upstream: str, stripped: bool) -> str:
    """The servers of the page on ports and with a certificate of ours."""
    keys = "/etc/letsencrypt/live/studio.example.org"
    servers = replaced(
        text,
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
        (f"{keys}/fullchain.pem", f"{folder}/certificate.pem"),
        (f"{keys}/privkey.pem", f"{folder}/key.pem"),
        ("proxy_pass http://127.0.0.1:7860/;", f"proxy_pass {upstream}{'/' if stripped else ''};"),
    )
    return NGINX.format(user="user root;" if os.geteuid() == 0 else "", folder=folder, servers=servers)


def _caddy(text: str, certificate: Path, port: int, upstream: str, stripped: bool) -> str:
    """The site of the page at a port and with a certificate of ours, which it cannot fetch here."""
    site = replaced(
        text,
        ("studio.example.org {", f"https://127.0.0.1:{port} {{\n  tls {certificate} {certificate.with_name('key.pem')}"),
        ("reverse_proxy 127.0.0.1:7860", f"reverse_proxy {upstream.removeprefix('http://')}"),
    )
    return CADDY.format(site=site if stripped else replaced(site, ("handle_path", "handle")))


def make_certificate(folder: Path) -> Path:
    """One that its key has signed, for this machine."""
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", *names, *files]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "certificate.pem"


def _wait(process: subprocess.Popen[bytes], url: str, folder: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(url, timeout=2, trust_env=False, verify=False)
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"The proxy did not answer:\n{(folder / 'log').read_text()}")
