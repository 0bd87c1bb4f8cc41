"""Accounts as the commands make them, and what a server needs before other machines may reach it."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.services import accounts as service
from app.services import constitutions
from app.services.accounts import Accounts, is_password
from app.services.audit import acting
from app.services.studio import RefusedError, Studio
from app.settings import Settings
from core.errors import ConfigError, StudioError
from db.audit import list_entries
from tests.app.planting import make_studio

PASSWORD = "correct horse"


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def names(studio: Studio) -> list[str]:
    found = Accounts(studio.sessions)
    found.look()
    return [account.name for account in found.found.values()]


def log(studio: Studio) -> list[tuple[str, str, str, str]]:
    with studio.sessions.read() as session:
        return [(row.who, row.place, row.what, row.subject) for row in list_entries(session)]


def test_an_account_is_made_changed_and_removed_and_all_of_it_is_remembered(studio: Studio) -> None:
    here = constitutions.list_constitutions(studio)[0].id
    draft = constitutions.open_draft(studio, here, "Zoë")
    constitutions.save_draft(studio, here, "Zoë", draft.revision, [{**draft.rows[0], "statement": "Zoë's."}], 1)
    with acting("root", "the command line"):
        assert service.add(studio.sessions, " Zoe\u0308 ", PASSWORD) == service.Change("Zoë", drafts=1, accounts=1)
        assert service.add(studio.sessions, "Ben", PASSWORD) == service.Change("Ben", drafts=0, accounts=2)
        assert service.change_password(studio.sessions, "ZOË", "another password") == "Zoë"
        assert service.remove(studio.sessions, "zoë") == service.Change("Zoë", drafts=1, accounts=1)
    assert names(studio) == ["Ben"]
    acts = (("user.added", "Zoë"), ("user.added", "Ben"), ("user.password", "Zoë"), ("user.removed", "Zoë"))
    assert log(studio) == [("root", "the command line", what, f"user {name}") for what, name in acts]


def test_nothing_is_remembered_of_what_was_refused(studio: Studio) -> None:
    service.add(studio.sessions, "Ann", PASSWORD)
    for act in (
        lambda: service.add(studio.sessions, "ANN", PASSWORD),
        lambda: service.change_password(studio.sessions, "Ben", PASSWORD),
        lambda: service.remove(studio.sessions, "Ben"),
    ):
        with pytest.raises(RefusedError):
            act()
    assert len(log(studio)) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("\u3000", "empty"),
        ("x" * 81, "81 characters"),
        ("\ufdfa" * 5, "90 characters"),  # one sign that is eighteen letters
        ("a\u200bb", "cannot be shown"),
        ("ann\u202e", "cannot be shown"),
        ("a\u115fb", "cannot be shown"),
        ("\u3164", "cannot be shown"),
        ("\u2800", "cannot be shown"),
        ("an\u034fn", "cannot be shown"),
        ("\U000e0041nn", "cannot be shown"),
        ("a\nb", "cannot be shown"),
        ("\udcff", "cannot be shown"),
        ("YOU", "Type another"),
        ("ｙｏｕ", "Type another"),
        ("a:b", "colon"),
        ("a：b", "colon"),
        ("constitution  studio", "author of what comes"),
    ],
)
def test_what_cannot_be_anybodys_name_is_refused_in_words(name: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        service.require_account_name(name)


def test_two_people_cannot_have_names_that_look_alike_but_for_case_width_or_spacing(studio: Studio) -> None:
    service.add(studio.sessions, "Ann Lee", PASSWORD)
    for other in ("ANN LEE", "ａｎｎ lee", "Ann  Lee", "Ann\u00a0Lee", "Ann\u3000Lee", "ᴬnn Lee"):
        with pytest.raises(RefusedError, match="'Ann Lee' already"):
            service.add(studio.sessions, other, PASSWORD)
    assert names(studio) == ["Ann Lee"]


@pytest.mark.parametrize(
    ("password", "words"), [("short", "5 characters"), ("x" * 1001, "1,001 characters"), ("with a\nbreak", "line break"), ("nul\0nulnul", "shown")]
)
def test_a_password_that_cannot_be_used_is_refused_without_being_repeated(password: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as refusal:
        service.require_password(password)
    assert password not in str(refusal.value)


def test_a_password_is_the_same_however_its_accents_are_typed() -> None:
    hashed = service.HASHER.hash(service.require_password("caf\u00e9 cafe\u0301"))
    assert is_password(hashed, "cafe\u0301 caf\u00e9") and not is_password(hashed, "cafe cafe")
    for damaged in ("", "$argon2id$", "plain"):
        assert not is_password(damaged, "anything")
    assert not is_password(hashed, "\ud800") and not is_password(hashed, "x" * 1_000_000)


def test_other_machines_are_served_only_where_somebody_is_asked_who_they_are(tmp_path: Path) -> None:
    for host in ("0.0.0.0", "::", "studio.example"):
        with pytest.raises(ConfigError) as refusal:
            service.require_sign_in(Settings.from_environment({"STUDIO_HOST": host}, data=tmp_path / "new"))
        for word in ("STUDIO_HOST", host, "user add", "STUDIO_PASSWORD", "127.0.0.1"):
            assert word in str(refusal.value)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    for environ in (
        {},
        {"STUDIO_HOST": "0.0.0.0", "STUDIO_PASSWORD": PASSWORD},
        {"STUDIO_HOST": "0.0.0.0", "STUDIO_USER_HEADER": "Remote-User", "FORWARDED_ALLOW_IPS": "10.0.0.1"},
    ):
        service.require_sign_in(Settings.from_environment(environ, data=tmp_path / "untouched"))
    assert not (tmp_path / "untouched").exists()
    settings = Settings.from_environment({"STUDIO_HOST": "0.0.0.0"}, data=tmp_path / "new")
    service.add(service.open_accounts(settings), "Ann", PASSWORD)
    service.require_sign_in(settings)


def test_pages_ask_for_a_name_only_where_nobody_signs_in(studio: Studio) -> None:
    def with_settings(**changes: str) -> Studio:
        settings = Settings(data=studio.settings.data, database_url=studio.settings.database_url, **changes)  # type: ignore[arg-type]
        return Studio(settings, studio.engine, studio.sessions, studio.store, studio.launcher)

    assert service.asks_names(studio)
    assert not service.asks_names(with_settings(password=PASSWORD))
    assert not service.asks_names(with_settings(user_header="Remote-User", trusted_proxies="10.0.0.1"))
    service.add(studio.sessions, "Ann", PASSWORD)
    assert not service.asks_names(studio)


def test_a_database_that_cannot_be_used_is_words(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="DATABASE_URL"):
        service.open_accounts(Settings.from_environment({"DATABASE_URL": "sqlite://"}, data=tmp_path))


def test_a_server_that_begins_says_what_holds_no_more_and_remembers_settings_that_changed(studio: Studio, caplog: pytest.LogCaptureFixture) -> None:
    def begin(**changes: object) -> None:
        settings = Settings(data=studio.settings.data, database_url="postgresql://u:hunter22@db/x", **changes)  # type: ignore[arg-type]
        service.begin_serving(Studio(settings, studio.engine, studio.sessions, studio.store, studio.launcher))

    begin()
    begin()
    assert not caplog.messages
    service.add(studio.sessions, "Ann", PASSWORD)
    begin(password=PASSWORD, port=8000)
    assert any("STUDIO_PASSWORD lets nobody in" in line for line in caplog.messages)
    begin(user_header="Remote-User", trusted_proxies="10.0.0.1", port=8000)
    assert any("STUDIO_USER_HEADER" in line for line in caplog.messages)
    with studio.sessions.read() as session:
        rows = [row for row in list_entries(session) if row.what == "settings.changed"]
        changes = [(row.subject, row.detail["STUDIO_PORT"], row.detail["STUDIO_PASSWORD"], row.detail["DATABASE_URL"]) for row in rows]
    assert changes == [
        ("", "7860", "not set", "set"),
        ("STUDIO_PASSWORD STUDIO_PORT", "8000", "set", "set"),
        ("FORWARDED_ALLOW_IPS STUDIO_PASSWORD STUDIO_USER_HEADER", "8000", "not set", "set"),
    ]
    assert not any(secret in str([vars(row) for row in rows]) for secret in (PASSWORD, "hunter22"))
