"""How guesses are slowed, with a clock that the test moves."""

from dataclasses import replace

import pytest

from app.web.throttle import ADDRESS, MOST_GUESSES, MOST_KEPT, PAIR, Attempt, Attempts, Failures, place_of


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def attempts(clock: Clock) -> Attempts:
    return Attempts(clock)


def given(attempts: Attempts, password: str, name: str = "ann", place: str = "10.0.0.1", marked: bool = False) -> Attempt:
    return Attempt(name, place, marked, attempts.digest(name, password), f"hash of {name}'s")


def guess(attempts: Attempts, number: int, **where: object) -> float:
    """One wrong password, if it is looked at. How long it has to wait."""
    attempt = given(attempts, f"guess {number}", **where)  # type: ignore[arg-type]
    wait_s = attempts.wait_s(attempt)
    if attempts.known(attempt) is None and not wait_s:
        attempts.is_wrong(attempt)
    return wait_s


def test_after_some_failures_each_doubles_the_wait_up_to_a_limit(clock: Clock) -> None:
    failures = Failures(PAIR, clock)
    waits = []
    for _ in range(PAIR.free + 12):
        waits.append(failures.wait_s("ann"))
        clock.now += waits[-1]
        failures.add("ann")
    assert waits[: PAIR.free + 4] == [0, 0, 0, 0, 0, 1, 2, 4, 8]
    assert waits[-1] == PAIR.longest_s and failures.wait_s("ben") == 0


def test_failures_are_forgotten_a_while_after_the_last_one(clock: Clock) -> None:
    failures = Failures(ADDRESS, clock)
    for _ in range(30):
        failures.add("10.0.0.1")
    clock.now += ADDRESS.forgotten_after_s - 1
    assert failures.count("10.0.0.1") == 30
    clock.now += 1
    assert (failures.count("10.0.0.1"), failures.wait_s("10.0.0.1")) == (0, 0)


def test_an_attempt_that_came_too_early_does_not_count(attempts: Attempts, clock: Clock) -> None:
    waits = [guess(attempts, number) for number in range(200)]
    assert waits[:5] == [0] * 5 and set(waits[5:]) == {1.0}
    clock.now += 1
    assert guess(attempts, 999) == 0


def test_another_name_at_the_address_is_slowed_only_by_the_address_and_never_for_long(attempts: Attempts) -> None:
    for number in range(9):
        guess(attempts, number, name=f"name {number}")
    assert attempts.wait_s(given(attempts, "right", "ben")) == 0
    for number in range(40):
        attempts.is_wrong(given(attempts, f"guess {number}", "ann"))
    assert 0 < attempts.wait_s(given(attempts, "right", "ben")) <= 60
    assert attempts.wait_s(given(attempts, "right", "ben", "10.0.0.2")) == 0


def test_the_same_wrong_password_counts_once(attempts: Attempts) -> None:
    for _ in range(50):
        guess(attempts, 1)
    assert attempts.pairs.count(("ann", "10.0.0.1")) == 1 and attempts.known(given(attempts, "guess 1")) is False


def test_who_was_right_there_before_passes_whatever_others_guess_under_their_name_or_another(attempts: Attempts, clock: Clock) -> None:
    right = given(attempts, "right")
    attempts.is_right(right)
    for number in range(MOST_GUESSES - 1):
        guess(attempts, number)
        guess(attempts, number, name="ben")
        assert attempts.known(right) is True
    clock.now += 10 * 24 * 3600
    assert attempts.known(right) is True


def test_what_always_passes_when_right_is_no_oracle_for_more_than_so_many_guesses(attempts: Attempts) -> None:
    """All of them know that a wrong one is wrong, without argon2; after that the right one waits like any other."""
    right = given(attempts, "right")
    attempts.is_right(right)
    answers = [attempts.known(given(attempts, f"guess {number}")) for number in range(MOST_GUESSES + 10)]
    assert answers == [False] * MOST_GUESSES + [None] * 10
    assert attempts.known(right) is None and attempts.wait_s(right) == PAIR.longest_s


def test_being_right_takes_no_failure_back(attempts: Attempts) -> None:
    """Else whoever has an account could guess at others for ever."""
    for number in range(40):
        guess(attempts, number)
        attempts.is_right(given(attempts, "mine", "mallory"))
    assert attempts.addresses.count("10.0.0.1") == attempts.pairs.count(("ann", "10.0.0.1")) == 5
    assert attempts.wait_s(given(attempts, "right")) == 1


def test_a_marked_browser_is_a_place_of_its_own(attempts: Attempts) -> None:
    for number in range(300):
        attempts.is_wrong(given(attempts, f"guess {number}"))
    marked = given(attempts, "right", place="a mark", marked=True)
    assert attempts.known(marked) is None and attempts.wait_s(marked) == 0
    for number in range(8):
        attempts.is_wrong(replace(marked, digest=attempts.digest("ann", str(number))))
    assert attempts.wait_s(marked) == 8  # but the guesses made in it count there


def test_what_is_remembered_ends_with_the_password(attempts: Attempts) -> None:
    right, wrong = given(attempts, "right"), given(attempts, "wrong")
    attempts.is_right(right)
    attempts.is_wrong(wrong)
    assert attempts.known(replace(right, secret="another hash")) is None
    assert attempts.known(replace(wrong, secret="another hash")) is None  # it may be the new one


def test_where_name_and_password_meet_makes_a_difference(attempts: Attempts) -> None:
    assert attempts.digest("ann", "abc") != attempts.digest("an", "nabc")
    assert attempts.digest("ann", "\ud800") != Attempts(Clock()).digest("ann", "\ud800")  # nor do two processes agree


def test_all_memory_is_bounded(attempts: Attempts) -> None:
    for number in range(MOST_KEPT + 100):
        attempts.is_right(given(attempts, "x", place=str(number)))
        attempts.is_wrong(given(attempts, "y", place=str(number)))
    for memory in (attempts.right, attempts.wrong, attempts.pairs.seen, attempts.addresses.seen):
        assert len(memory) == MOST_KEPT
    assert ("ann", "0") not in attempts.right and ("ann", str(MOST_KEPT)) in attempts.right


def test_who_is_still_there_is_not_pushed_out_by_others(attempts: Attempts) -> None:
    right = given(attempts, "right")
    attempts.is_right(right)
    for number in range(MOST_KEPT + 100):
        attempts.is_right(given(attempts, "x", place=str(number)))
        assert attempts.known(right)


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1:2:3", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:10.0.0.1", "10.0.0.1"),  # else all of IPv4 would be one network of IPv6
        ("somewhere", "somewhere"),
    ],
)
def test_an_address_counts_as_who_owns_it(host: str, place: str) -> None:
    assert place_of(host) == place
