"""What the operator may write for a machine, a network, a proxy and a path. What cannot be one is refused in words."""

import ipaddress
import re
from urllib.parse import urlsplit

from core.errors import ConfigError

LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
HOST_NAME = re.compile(rf"{LABEL}(\.{LABEL})*\.?", re.IGNORECASE)
MAX_ENDPOINT_CHARS = 500
LONGEST_HOST_NAME = 253  # both bounds are those of DNS
HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
HEADERS_OF_BROWSERS = ("accept", "authorization", "connection", "content-", "cookie", "host", "origin", "referer", "sec-", "user-agent", "x-forwarded-")
ROOT_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")
# What the studio itself serves right below its root: as a path of a proxy it could not be told whether that was taken off.
OWN_PATHS = frozenset(
    {"write", "train", "run", "judge", "mark", "compare", "lab", "amend", "runs", "versions", "query-sets", "comparisons", "drafts", "checks", "conflicts"}
) | frozenset({"labs", "modules", "name", "c", "api", "docs", "healthz", "metrics"})
GRADIO_PATHS = frozenset({"gradio_api", "static", "assets", "svelte", "config", "theme.css", "login", "logout", "monitoring"}) | frozenset(
    {"favicon.ico", "manifest.json", "openapi.json", "pwa_icon", "robots.txt"}
)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    return host == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)


def is_endpoint(address: str) -> bool:
    """Whether it is an address that questions can be sent below: http or https, without user name, query, fragment and a slash at its end."""
    try:
        parts = urlsplit(address)
        named = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    plain = re.fullmatch(r"[!-~]+", address) is not None and len(address) <= MAX_ENDPOINT_CHARS and not address.endswith("/")
    return named and plain and not set("@?#") & set(address)


def is_host_name(name: str) -> bool:
    """Whether a machine can be called so; a name in other letters is written as it is sent, `xn--…`."""
    return len(name) <= LONGEST_HOST_NAME and HOST_NAME.fullmatch(name) is not None


def is_host(given: str) -> bool:
    """Whether it is an address, or the name of a machine."""
    return is_address(given) or is_host_name(given)


def require_proxies(trusted: str, user_header: str | None) -> None:
    """Check whose headers are heard, and which one names people.

    Raises:
        ConfigError: One of them cannot be used, or anybody at all could name themselves.
    """
    for given in trusted.split(",") if trusted not in ("", "*") else ():
        if not _is_network(given.strip()):
            raise ConfigError(
                f"FORWARDED_ALLOW_IPS names {given.strip()!r}. List addresses and networks of proxies, such as 127.0.0.1,10.0.0.0/8, separated by commas."
            )
    if user_header is None:
        return
    if not HEADER.fullmatch(user_header) or user_header.lower().startswith(HEADERS_OF_BROWSERS):
        raise ConfigError(f"STUDIO_USER_HEADER is {user_header!r}. Give the name of a header that only the proxy sets, such as Remote-User.")
    if trusted in ("", "*") or _is_everybody(trusted):
        raise ConfigError(
            f"STUDIO_USER_HEADER is {user_header} and FORWARDED_ALLOW_IPS is {trusted!r}. "
            "Set FORWARDED_ALLOW_IPS to the address of the proxy that names people: it is heard from nobody else."
        )


def plain_root_path(given: str) -> str:
    """A path as it is kept: without the slash at its end."""
    return given.strip().rstrip("/")


def is_root_path(path: str) -> bool:
    """Whether the studio can be served below this path: plain, and not to be taken for a page of its own."""
    return ROOT_PATH.fullmatch(path) is not None and path.removeprefix("/") not in OWN_PATHS | GRADIO_PATHS


def is_address(host: str) -> bool:
    """Whether it is an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_everybody(networks: str) -> bool:
    """Whether they hold every address of one kind together, however many they are."""
    listed = [ipaddress.ip_network(given.strip()) for given in networks.split(",")]
    old = ipaddress.collapse_addresses(net for net in listed if isinstance(net, ipaddress.IPv4Network))
    new = ipaddress.collapse_addresses(net for net in listed if isinstance(net, ipaddress.IPv6Network))
    return any(net.prefixlen == 0 for net in old) or any(net.prefixlen == 0 for net in new)


def _is_network(given: str) -> bool:
    try:
        ipaddress.ip_network(given)
    except ValueError:
        return False
    return True
