"""Local accounts: names that are bound to a password. Made on the command line, asked by the web server.

Passwords are kept as argon2id hashes with the parameters that OWASP gives for little memory: the web process is to stay small, and checks
two at once at most. Where there is one account, the server asks for an account and knows no other way in.
"""

import logging
import time
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.services.actors import require_name
from app.services.audit import record, record_settings
from app.services.studio import PLANTER, Studio, in_words
from app.settings import SHORTEST_PASSWORD, Settings, prepare_data_folder
from core.errors import ConfigError
from db import drafts, users
from db.schema import migrate
from db.session import Sessions, make_engine, make_sessions
from db.users import name_key

PASSWORD_REPLACED = "STUDIO_PASSWORD lets nobody in any more: there are accounts, and only they are asked. Unset it."
log = logging.getLogger(__name__)

LONGEST_PASSWORD = 1000  # characters
LOOKED_AT_EVERY_S = 2.0  # an account that is made or removed counts for a running server after this
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Checked where there is no such account, so that the time of the answer does not say so. Nobody's: its password was thrown away.
NOBODYS_HASH = "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$wrpDmyZQVv8hAt8d6YSBCRHHqIyLE0tCSiKGuLzYnHk"


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in."""

    name: str
    password_hash: str


@dataclass(frozen=True)
class Change:
    """What was done to an account."""

    name: str  # as it is kept
    drafts: int  # written under it
    accounts: int  # that there are now


class Accounts:
    """The accounts as they were a moment ago, so that a request need not ask the database."""

    def __init__(self, sessions: Sessions, clock: Callable[[], float] = time.monotonic) -> None:
        self.sessions, self.clock = sessions, clock
        self.looked_at = float("-inf")
        self.found: Mapping[str, Account] = {}

    @property
    def stale(self) -> bool:
        """Whether `look` has to be called before `found` is used."""
        return self.clock() - self.looked_at >= LOOKED_AT_EVERY_S

    def look(self) -> None:
        """Ask the database, which may take a while. What it raises is left to the caller: not to know the accounts is no reason to let anybody in."""
        now = self.clock()
        with self.sessions.read() as session:
            self.found = {user.key: Account(user.name, user.password_hash) for user in users.list_users(session)}
        self.looked_at = now


def begin_serving(studio: Studio) -> Accounts:
    """The accounts for a server that begins, with a word in its log where what is set does not do what it seems to."""
    accounts = Accounts(studio.sessions)
    accounts.look()
    settings, count = studio.settings, len(accounts.found)
    if count and settings.user_header is not None:
        log.warning("The %d accounts are not asked for: STUDIO_USER_HEADER is set, so people are named by the proxy alone.", count)
    elif count and settings.password is not None:
        log.warning(PASSWORD_REPLACED)
    with studio.sessions.begin() as session:
        record_settings(session, settings)
    return accounts


def asks_names(studio: Studio) -> bool:
    """Whether a page asks people what they are called, since nobody signs in."""
    if studio.settings.password is not None or studio.settings.user_header is not None:
        return False
    with studio.sessions.read() as session:
        return not users.list_users(session)


def open_accounts(settings: Settings) -> Sessions:
    """The database for the commands that manage accounts, made where there is none yet."""
    prepare_data_folder(settings)
    with in_words():
        engine = make_engine(settings.database_url)
        migrate(engine, settings.data)
    return make_sessions(engine)


def add(sessions: Sessions, name: str, password: str) -> Change:
    """Make an account.

    Raises:
        StudioError: The name is taken or cannot be one, or the password cannot be used.
    """
    checked, hashed = require_account_name(name), _hash(password)
    with in_words(), sessions.begin() as session:
        kept = users.add_user(session, checked, hashed).name
        record(session, "user.added", f"user {kept}")
        return Change(kept, drafts.count_drafts(session, kept), len(users.list_users(session)))


def change_password(sessions: Sessions, name: str, password: str) -> str:
    """Give an account another password; whoever is signed in with the old one has to sign in again."""
    hashed = _hash(password)
    with in_words(), sessions.begin() as session:
        kept = users.set_password(session, name, hashed).name
        record(session, "user.password", f"user {kept}")
        return kept


def remove(sessions: Sessions, name: str) -> Change:
    """Remove an account. What was written and asked for under its name stays, and is whose name that is next."""
    with in_words(), sessions.begin() as session:
        kept = users.remove_user(session, name)
        record(session, "user.removed", f"user {kept}")
        return Change(kept, drafts.count_drafts(session, kept), len(users.list_users(session)))


def require_account_name(given: str) -> str:
    """The name as it is kept.

    Raises:
        ConfigError: It cannot be that of an account.
    """
    name = " ".join(require_name(unicodedata.normalize("NFKC", given)).split())
    if ":" in name:
        raise ConfigError(f"The name {name!r} has a colon, which browsers put between name and password. Leave it out.")
    if name_key(name) == name_key(PLANTER):
        raise ConfigError(f"“{PLANTER}” is the author of what comes with the studio. Choose another name.")
    return name


def require_password(password: str) -> str:
    """The password as it is checked: one and the same however its accents are typed.

    Raises:
        ConfigError: Too short, too long, or not printable. The message never holds it.
    """
    plain = unicodedata.normalize("NFC", password)
    if not SHORTEST_PASSWORD <= len(plain) <= LONGEST_PASSWORD:
        raise ConfigError(f"The password has {len(plain):,} characters. Use {SHORTEST_PASSWORD} to {LONGEST_PASSWORD:,}.")
    if not plain.isprintable():
        raise ConfigError("The password holds a line break or another sign that cannot be shown. Use printable characters only.")
    return plain


def is_password(password_hash: str, password: str) -> bool:
    """Whether this is the password: some 20 ms of one core and 19 MB."""
    try:
        return HASHER.verify(password_hash, unicodedata.normalize("NFC", password)[: LONGEST_PASSWORD + 1])
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


def require_sign_in(settings: Settings) -> None:
    """Refuse to serve other machines where anybody could call themselves anything.

    Raises:
        ConfigError: The host is not loopback, and there is neither a password, nor an account, nor a proxy that names people.
    """
    if not settings.relies_on_accounts:
        return
    sessions = open_accounts(settings)
    with sessions.read() as session:
        if users.list_users(session):
            return
    raise ConfigError(
        f"STUDIO_HOST is {settings.host}, so other machines could reach the page, and nobody is asked who they are. Make accounts with "
        "`python -m app user add NAME`, set STUDIO_PASSWORD, or use STUDIO_HOST=127.0.0.1 to serve this machine only."
    )


def _hash(password: str) -> str:
    return HASHER.hash(require_password(password))
