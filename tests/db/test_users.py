"""Accounts: one a person, whatever case or width the name is typed in."""

from collections.abc import Callable

import pytest

from db import users
from db.errors import NameTaken, NotFound, StoreError
from db.session import Sessions

Race = Callable[[Callable[[str], object], int], list[str]]


def test_an_account_is_found_in_whatever_case_or_width_its_name_is_written(sessions: Sessions) -> None:
    with sessions.begin() as s:
        users.add_user(s, "Zoë Straße", "hash")
    with sessions.read() as s:
        for name in ("Zoë Straße", "ZOË STRASSE", "zoe\u0308 straße", "Ｚｏë Straße", " Zoë\u00a0 Straße"):
            assert users.get_user(s, name).name == "Zoë Straße"
        with pytest.raises(NotFound, match="no account 'Zoe'"):
            users.get_user(s, "Zoe")


@pytest.mark.parametrize("other", ["Ann", "ANN", "ａｎｎ", "ᴬnn"])
def test_a_name_that_looks_like_another_is_taken(sessions: Sessions, other: str) -> None:
    with sessions.begin() as s:
        users.add_user(s, "ann", "hash")
    with pytest.raises(NameTaken, match="'ann' already"), sessions.begin() as s:
        users.add_user(s, other, "another hash")


def test_the_key_of_a_key_is_itself() -> None:
    for name in ("ẞ", "ŉ", "ϓ", "ᾳ", "\u0345a", "İ", "K", "ﬃ", "Ⅷ", "Ω", "ǰ"):
        assert users.name_key(users.name_key(name)) == users.name_key(name)


def test_a_password_is_replaced_and_a_removed_account_is_gone(sessions: Sessions) -> None:
    with sessions.begin() as s:
        users.add_user(s, "bob", "old")
        users.add_user(s, "Ann", "hash")
        users.set_password(s, "BOB", "new")
    with sessions.begin() as s:
        assert [(user.name, user.password_hash) for user in users.list_users(s)] == [("Ann", "hash"), ("bob", "new")]
        assert users.remove_user(s, "Bob") == "bob"
        assert [user.name for user in users.list_users(s)] == ["Ann"]
        for act in (lambda: users.remove_user(s, "Bob"), lambda: users.set_password(s, "Bob", "x")):
            with pytest.raises(NotFound):
                act()


def test_of_two_who_take_a_name_at_once_one_gets_it(sessions: Sessions, race: Race) -> None:
    def take(contestant: str) -> None:
        with sessions.begin() as s:
            users.add_user(s, "Ann", f"hash of {contestant}")

    assert race(take, 4) == ["", *[NameTaken.kind] * 3]
    assert issubclass(NameTaken, StoreError)
