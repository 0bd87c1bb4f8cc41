"""How many passwords may be guessed, without anybody being kept out by the guesses of others.

Failures are counted for each pair of a name and a place, and for each place. A place is the address of the caller (of IPv6 its /64 network,
all of which one customer owns), or the mark of a browser that has signed in under this very name before (app/web/browsers.py).

1. Some failures cost nothing (`PAIR`, `ADDRESS`); after them each doubles the time until the next password from there is looked at, up to a
   limit. Whoever comes earlier is told when to come back, and that attempt does not count. The same wrong password counts once: it is a
   forgotten tab, and tells a guesser nothing.
2. A pair that gave the right password is remembered with an HMAC of it, under a key that only this process has. The same password passes
   from there whatever others did, and costs no argon2. A marked browser is a place of its own, which the guesses of others do not slow, also
   after a restart.
3. But what always passes when it is right is an oracle for whoever shares the address: they can guess the passwords of those who are
   remembered there. So a remembered pair is heard out for `MOST_GUESSES` wrong passwords (NIST SP 800-63B's ceiling), each of which counts
   and slows the next wrong one as in 1, and is one like others then. Being right never takes a failure back, or a guesser who has an account
   of their own could have as many as they like.
4. What is remembered ends with the password: it is kept together with the hash it was checked against.
5. argon2 is expensive, and a wrong password costs as much as a right one: two are checked at once, `MOST_WAITING` may wait, and others
   are told to come back (app/web/gate.py). Whoever is remembered is not among them.

All of this is in memory and bounded, and a restart forgets it; only the key that marks are signed with is kept.
"""

import hashlib
import hmac
import ipaddress
import os
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TypeVar

MOST_KEPT = 4096  # of whatever is kept
MOST_GUESSES = 100

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True)
class Pace:
    """How failures slow whoever makes them."""

    free: int  # failures that cost nothing
    longest_s: float
    forgotten_after_s: float  # since the last one


PAIR = Pace(free=5, longest_s=15 * 60, forgotten_after_s=24 * 3600)
ADDRESS = Pace(free=10, longest_s=60, forgotten_after_s=3600)


@dataclass(frozen=True)
class Attempt:
    """Somebody says that they know a password."""

    key: str  # of the name
    place: str  # an address, or the mark of a browser
    marked: bool  # whether it is the latter
    digest: bytes  # of what was given
    secret: str  # the hash that it is checked against; another one once the password was changed


class Attempts:
    """All that is remembered of attempts."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.pairs, self.addresses = Failures(PAIR, clock), Failures(ADDRESS, clock)
        self.right: OrderedDict[tuple[str, str], tuple[bytes, str]] = OrderedDict()
        self.wrong: OrderedDict[tuple[str, str, bytes, str], None] = OrderedDict()
        self.own_key = os.urandom(32)

    def digest(self, name: str, password: str) -> bytes:
        """What is remembered in place of a password."""
        given = f"{len(name)}:{name}{password}".encode("utf-8", "surrogatepass")
        return hmac.digest(self.own_key, given, hashlib.sha256)

    def known(self, attempt: Attempt) -> bool | None:
        """Whether it is right, as far as that is remembered; None where it has to be checked."""
        if (attempt.key, attempt.place, attempt.digest, attempt.secret) in self.wrong:
            return False
        pair = (attempt.key, attempt.place)
        digest, secret = self.right.get(pair, (b"", ""))
        if not digest or secret != attempt.secret or self.pairs.count(pair) >= MOST_GUESSES:
            return None
        if hmac.compare_digest(digest, attempt.digest):
            self.right.move_to_end(pair)
            return True
        self.is_wrong(attempt)  # one password of this name is the right one, and this is another
        return False

    def wait_s(self, attempt: Attempt) -> float:
        """Seconds until such an attempt is looked at again; 0 when it is now."""
        address_s = 0.0 if attempt.marked else self.addresses.wait_s(attempt.place)
        return max(address_s, self.pairs.wait_s((attempt.key, attempt.place)))

    def is_right(self, attempt: Attempt) -> None:
        """It was checked, and is."""
        _keep(self.right, (attempt.key, attempt.place), (attempt.digest, attempt.secret))

    def is_wrong(self, attempt: Attempt) -> None:
        """It was checked, and is not."""
        _keep(self.wrong, (attempt.key, attempt.place, attempt.digest, attempt.secret), None)
        self.pairs.add((attempt.key, attempt.place))
        if not attempt.marked:
            self.addresses.add(attempt.place)


class Failures:
    """How often somebody failed, and when last."""

    def __init__(self, pace: Pace, clock: Callable[[], float]) -> None:
        self.pace, self.clock = pace, clock
        self.seen: OrderedDict[Hashable, tuple[int, float]] = OrderedDict()  # of each: how often, and when last

    def add(self, of: Hashable) -> None:
        """One more."""
        _keep(self.seen, of, (self.count(of) + 1, self.clock()))

    def count(self, of: Hashable) -> int:
        """How many there are that are not forgotten."""
        count, last = self.seen.get(of, (0, 0.0))
        return count if self.clock() - last < self.pace.forgotten_after_s else 0

    def wait_s(self, of: Hashable) -> float:
        """Seconds until the next is due."""
        beyond = self.count(of) - self.pace.free
        if beyond < 0:
            return 0.0
        delay_s = min(self.pace.longest_s, 2.0 ** min(beyond, 30))
        return max(0.0, self.seen[of][1] + delay_s - self.clock())


def place_of(host: str) -> str:
    """Whom to count an address as. One IPv6 customer owns 2**64 addresses, so those count as one."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return str(address)


def _keep(memory: "OrderedDict[K, V]", key: K, value: V) -> None:
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > MOST_KEPT:
        memory.popitem(last=False)
