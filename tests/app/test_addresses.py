"""Names of machines, and who is everybody."""

import pytest

from app.addresses import is_host, is_loopback, require_proxies
from core.errors import ConfigError


def test_loopback_addresses_are_told_from_others() -> None:
    assert all(is_loopback(host) for host in ("localhost", "127.0.0.1", "127.9.9.9", "::1"))
    assert not any(is_loopback(host) for host in ("0.0.0.0", "::", "192.168.1.5", "localhost.example"))


@pytest.mark.parametrize("name", ["studio", "studio.example.", "my_host", "STUDIO", "10.0.0.7", "fd00::1", "::1%eth0", "xn--e1afmkfd.example", "x" * 63])
def test_names_and_addresses_of_machines_are_taken(name: str) -> None:
    assert is_host(name)


@pytest.mark.parametrize("name", ["", "*", "..", "-a", "a-", "a b", "a/b", "a:80", "[::1]", "x" * 64, "a." * 130 + "a", "ex\u0430mple", "\udcff", "a\n"])
def test_what_no_machine_can_be_called_is_not(name: str) -> None:
    assert not is_host(name)


@pytest.mark.parametrize("trusted", ["0.0.0.0/0", "10.0.0.1, ::/0", "0.0.0.0/1,128.0.0.0/1", "128.0.0.0/2,192.0.0.0/2,0.0.0.0/1"])
def test_a_proxy_that_names_people_is_not_everybody_however_that_is_written(trusted: str) -> None:
    require_proxies(trusted, None)
    with pytest.raises(ConfigError, match="address of the proxy"):
        require_proxies(trusted, "Remote-User")
    require_proxies("0.0.0.0/1", "Remote-User")
