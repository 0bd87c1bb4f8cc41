"""A database as an older studio, a failing disk or a curious hand leaves it: rows that were fine, and are not any more."""

import json
import sqlite3
from dataclasses import dataclass
from hashlib import sha256

from app.services.studio import Studio
from db import comparisons
from db.comparisons import NewComparison
from tests.app.planting import add_plain_version, claim, finish, queue, settings_for, starter_set_id, version_id
from tests.app.results import result

DIGITS = 99_999_999_999_999_999_999
ONE = {"id": "1" * 32, "title": "Brief", "statement": "Be brief.", "antithesis": "Be long."}


def damage(studio: Studio, *statements: tuple[str, object]) -> None:
    """Change rows behind the studio's back: without triggers, CHECKs and foreign keys."""
    with sqlite3.connect(str(studio.engine.url.database)) as raw:
        raw.execute("PRAGMA ignore_check_constraints=ON")
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        for statement, value in statements:
            raw.execute(statement, (value,) if statement.count("?") == 1 else ())
    raw.close()


def as_stored(content: object) -> tuple[str, str]:
    """A content as an older studio stored it, with its hash."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text, sha256(text.encode()).hexdigest()


def store_version(studio: Studio, constitution_id: int, number: int, content: object) -> None:
    """A version that an older studio saved, whatever it held."""
    text, digest = as_stored(content)
    with sqlite3.connect(str(studio.engine.url.database)) as raw:
        parent = raw.execute("SELECT id FROM version WHERE constitution_id = ? AND number = ?", (constitution_id, number - 1)).fetchone()
        values = (constitution_id, number, parent and parent[0], "Then.", "Ann", "2026-01-01 00:00:00.000000", text, digest)
        names = "constitution_id, number, parent_id, message, author, created_at, content, sha256"
        raw.execute(f"INSERT INTO version ({names}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
    raw.close()


def constitution_of_version(studio: Studio, of_version: int) -> int:
    with sqlite3.connect(str(studio.engine.url.database)) as raw:
        found = raw.execute("SELECT constitution_id FROM version WHERE id = ?", (of_version,)).fetchone()[0]
    raw.close()
    return int(found)


@dataclass(frozen=True)
class Damaged:
    """What stands in the database, by what is wrong with it."""

    head: int  # a constitution whose second and newest version had a byte changed; Bob has an untouched draft of its first
    lost: int  # one whose only version is no JSON at all
    old: int  # one whose check counts to a number of 20 digits
    long: int  # one whose pattern has 600 characters
    unknown: int  # one whose check this studio does not know
    runs: dict[str, int]
    comparison: str
    draft: int  # the constitution of which Ann's draft is no JSON
    queries: int


def plant_damage(studio: Studio) -> Damaged:
    """One row of each kind that cannot be read, beside rows that can."""
    head_version = add_plain_version(studio, "Changed", "Say why.")
    lost_version = add_plain_version(studio, "Lost", "Say what.")
    old = constitution_of_version(studio, add_plain_version(studio, "Old", "Say little.", {"max_words": DIGITS}))
    unknown = constitution_of_version(studio, add_plain_version(studio, "Newer", "Say it warmly.", {"sentiment": {"at least": 0.5}}))
    long = constitution_of_version(studio, add_plain_version(studio, "Long", "Say much.", {"regex": "(?:" + "ab|" * 198 + "c)"}))
    head, lost = constitution_of_version(studio, head_version), constitution_of_version(studio, lost_version)
    store_version(studio, head, 2, {"name": "Changed", "principles": [ONE]})
    runs = {
        name: queue(studio, key=f"damaged-{name}") for name in ("setting", "method", "json", "kind", "preset", "result", "figure", "status", "time", "fine")
    }
    for _ in runs:
        finish(studio, claim(studio), result())
    with studio.sessions.begin() as session:
        arms = [{"key": "telepathy", "method": "telepathy", "in_prompt": True, "artifact": None, "settings": {}}]
        new = NewComparison(
            version_id=head_version,
            run_id=None,
            model="m",
            revision=None,
            four_bit=False,
            arms=arms,
            query="Why?",
            side="statement",
            seed=0,
            sampling={"max_new_tokens": 8, "temperature": 0, "top_p": 1},
            created_by="Ann",
        )
        comparison = comparisons.add_comparison(session, new).id
    damage(
        studio,
        ("UPDATE version SET content = replace(content, 'Be brief.', 'Be grief.') WHERE message = ?", "Then."),
        ("UPDATE version SET content = CAST(x'7b22ff00' AS TEXT) WHERE constitution_id = ?", lost),
        ("UPDATE version SET content = replace(content, 'a', 'b') WHERE id = ?", version_id(studio, "Warm tone")),
        ("UPDATE run SET config = json_set(config, '$.telepathy', 1) WHERE id = ?", runs["setting"]),
        ("UPDATE run SET config = json_set(config, '$.method', 'telepathy') WHERE id = ?", runs["method"]),
        ("UPDATE run SET config = '{\"preset\": ' WHERE id = ?", runs["json"]),
        ("UPDATE run SET config = json_set(config, '$.seed', json('[1]')) WHERE id = ?", runs["kind"]),
        ("UPDATE run SET config = json_set(config, '$.preset', 'telepathy') WHERE id = ?", runs["preset"]),
        ("UPDATE run SET result = '[1]' WHERE id = ?", runs["result"]),
        ("UPDATE run SET result = json_set(result, '$.report.arms[0].attribution.value', 'much') WHERE id = ?", runs["figure"]),
        ("UPDATE job SET status = 'asleep' WHERE id = ?", runs["status"]),
        ("UPDATE job SET created_at = 'yesterday' WHERE id = ?", runs["time"]),
        (
            "INSERT INTO draft (constitution_id, editor, content, revision, updated_at) VALUES (?, 'Ann', '{\"name', 3, '2026-01-01 00:00:00.000000')",
            head,
        ),
        ("UPDATE query_set SET rows = replace(rows, 'What', 'Whom') WHERE id = ?", starter_set_id(studio)),
    )
    return Damaged(head=head, lost=lost, old=old, long=long, unknown=unknown, runs=runs, comparison=comparison, draft=head, queries=starter_set_id(studio))


__all__ = ["DIGITS", "ONE", "Damaged", "as_stored", "damage", "plant_damage", "settings_for", "store_version"]
