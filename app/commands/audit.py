"""`audit`: who did what, when and from where."""

import argparse
import json
import os
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from app.settings import Settings

if TYPE_CHECKING:
    from db.tables import AuditEntry

AGO = re.compile(r"(\d{1,4})([mhd])")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> list[argparse.ArgumentParser]:
    """Add this command. Returns the parsers that take the folder of the data."""
    text = "Print who did what, when and from where, oldest first. Failed sign-ins are written once a minute, with their count."
    audit = commands.add_parser("audit", help="print who did what, when and from where", description=text)
    audit.add_argument("--since", type=moment, metavar="WHEN", help="only from then on: 2026-11-01, 2026-11-01T08:30 (UTC), or 90m, 24h, 7d ago")
    audit.add_argument("--who", metavar="NAME", help="only what this person did")
    audit.add_argument("--json", action="store_true", help="print a line of JSON for each row")
    return [audit]


def moment(text: str) -> datetime:
    """A moment as it is typed, in UTC where it names no zone."""
    if ago := AGO.fullmatch(text):
        return datetime.now(UTC) - timedelta(**{UNITS[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"must be a moment such as 2026-11-01, 2026-11-01T08:30, 90m, 24h or 7d, got {text!r}") from None


def run(options: argparse.Namespace) -> int:
    """Print. Returns the exit status."""
    from app.services.accounts import open_accounts
    from db.audit import list_entries

    sessions = open_accounts(Settings.from_environment(os.environ, data=options.data))
    with sessions.read() as session:
        for entry in list_entries(session, options.since, options.who):
            print(_as_json(entry) if options.json else _as_line(entry))
    return 0


def _as_json(entry: "AuditEntry") -> str:
    row = {name: getattr(entry, name) for name in ("who", "place", "what", "subject", "outcome", "count", "detail")}
    return json.dumps({"at": entry.at.isoformat(), **row}, ensure_ascii=False)


def _as_line(entry: "AuditEntry") -> str:
    times = f" {entry.count} times" if entry.count > 1 else ""
    detail = " ".join(f"{name}={value}" for name, value in entry.detail.items())
    parts = (f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.who or "-", entry.place, entry.what, entry.subject, f"{entry.outcome}{times}", detail)
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in "  ".join(part for part in parts if part))
