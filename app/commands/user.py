"""`user`: the accounts that people sign in with."""

import argparse
import getpass
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.settings import Settings
from core.errors import ConfigError

if TYPE_CHECKING:
    from app.services.accounts import Change
    from db.session import Sessions

VERBS = {
    "add": "make an account; its password is asked for twice",
    "list": "list the accounts",
    "password": "give an account another password",
    "remove": "remove an account; what was written under its name is kept",
}
COMMAND_LINE = "the command line"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> list[argparse.ArgumentParser]:
    """Add this command. Returns the parsers that take the folder of the data."""
    user = commands.add_parser("user", help="make, list and remove the accounts that people sign in with")
    verbs = user.add_subparsers(dest="verb", required=True, metavar="|".join(VERBS))
    found = []
    for verb, text in VERBS.items():
        one = verbs.add_parser(verb, help=text, description=f"{text[0].upper()}{text[1:]}.")
        if verb == "list":
            one.add_argument("--json", action="store_true", help="print JSON instead of lines")
        else:
            one.add_argument("name", metavar="NAME")
        if verb in ("add", "password"):
            one.add_argument("--password-file", metavar="FILE", help="read the password from a file instead, - is standard input")
        found.append(one)
    return found


def run(options: argparse.Namespace) -> int:
    """Do it. Returns the exit status."""
    from app.services import accounts
    from app.services.audit import acting

    settings = Settings.from_environment(os.environ, data=options.data)
    password = _password(options) if options.verb in ("add", "password") else ""
    sessions = accounts.open_accounts(settings)
    with acting(operator(), COMMAND_LINE):
        if options.verb == "list":
            _list(sessions, options.json)
        elif options.verb == "password":
            name = accounts.change_password(sessions, options.name, password)
            print(f"“{name}” has another password. Whoever is signed in with the old one has to sign in again.")
        elif options.verb == "add":
            _say_added(accounts.add(sessions, options.name, password), settings)
        else:
            _say_removed(accounts.remove(sessions, options.name), settings)
    return 0


def operator() -> str:
    """Whoever types, as this machine knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        return f"user {os.getuid()}"


def _list(sessions: "Sessions", as_json: bool) -> None:
    from db.users import list_users

    with sessions.read() as session:
        found = [{"name": user.name, "created_at": user.created_at.isoformat(timespec="seconds")} for user in list_users(session)]
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return
    for user in found:
        print(f"{user['created_at']}  {user['name']}")
    if not found:
        print("There is no account. `python -m app user add NAME` makes one.", file=sys.stderr)


def _say_added(made: "Change", settings: Settings) -> None:
    print(f"“{made.name}” can sign in.")
    if made.drafts:
        print(f"{made.drafts} drafts were written under this name before; they are theirs now.")
    if made.accounts == 1:
        print("From now on only those who have an account are let in." + (" STUDIO_PASSWORD lets nobody in any more: unset it." if settings.password else ""))
    if settings.user_header is not None:
        print("It is not asked for while STUDIO_USER_HEADER is set: people are named by the proxy alone.")


def _say_removed(gone: "Change", settings: Settings) -> None:
    print(f"“{gone.name}” can sign in no more. Versions, runs and {gone.drafts} drafts keep the name; whoever gets an account of this name has the drafts.")
    if gone.accounts == 0:
        then = "the shared STUDIO_PASSWORD holds again" if settings.password else "whoever reaches the page can take any name; other machines are kept out"
        print(f"That was the last account: {then}.")


def _password(options: argparse.Namespace) -> str:
    """What was typed twice, or stands in the file."""
    if options.password_file is not None:
        given = sys.stdin.buffer.read() if options.password_file == "-" else Path(options.password_file).read_bytes()
        try:
            return given.decode("utf-8-sig").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise ConfigError("The password is not UTF-8 text. Save the file as UTF-8.") from error
    if not sys.stdin.isatty():
        raise ConfigError("There is no terminal to type a password at. Give --password-file FILE; - reads it from standard input.")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise ConfigError("The two passwords differ. Nothing was changed; try again.")
    return password
