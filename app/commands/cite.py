"""`cite`: what a citation names, as text: a principle, a version, or the changelog of a constitution."""

import argparse
from collections.abc import Iterator

from app.commands.mark import require_studio
from app.present.text import count
from app.services.addresses import find
from app.services.citations import Changelog, changelog, cited_version, read_citation
from core.constitution.changes import ConstitutionChange
from core.constitution.files import dump_markdown
from core.constitution.stored import require_readable


def run(options: argparse.Namespace) -> int:
    """Do it. Returns the exit status."""
    studio, citation = require_studio(options), read_citation(options.citation)
    if citation.number is None:
        print("\n".join(_log(changelog(studio, find(studio, citation.slug).id))))
        return 0
    found = cited_version(studio, citation)
    version = found.version.summary
    text = require_readable(found.version.constitution, f"Version {version.number} of “{found.of.name}”")
    print(f"{found.of.name}, version {version.number}, {version.author}, {version.created_at:%Y-%m-%d}: {version.message}\n")
    if citation.principle is None:
        print(dump_markdown(text), end="")
        return 0
    principle = text.principles[citation.principle - 1]
    print(f"{citation.principle}. {principle.title}\n\nStatement: {principle.statement}\n\nAntithesis: {principle.antithesis}")
    return 0


def _log(log: Changelog) -> Iterator[str]:
    yield f"Changelog of {log.of.name} ({log.of.slug}), {count(len(log.entries), 'version')}, newest first"
    for entry in log.entries:
        version = entry.version
        yield f"\n{log.of.slug}@{version.number}  {version.created_at:%Y-%m-%d %H:%M}  {version.author}: {version.message}"
        yield from (f"  {line}" for line in (change_lines(entry.change) if entry.change is not None else [entry.why_not]))


def change_lines(change: ConstitutionChange) -> list[str]:
    """What became of each principle, a line each."""
    lines = []
    for each in (each for each in change.principles if each.changed):
        title = "".join(piece.text for piece in each.title.pieces if piece.kind != ("inserted" if each.removed else "deleted"))
        texts = {"title": each.title.changed, "statement": each.statement.changed, "antithesis": each.antithesis.changed}
        parts = {
            **texts,
            "check": each.check.changed,
            "writer": each.written_by.changed,
            "scenarios": each.scenarios.changed,
            "priority": each.priority.changed,
        }
        became = [name for name, has_changed in parts.items() if has_changed]
        moved = [f"moved from {(each.before or 0) + 1} to {(each.after or 0) + 1}"] if each.moved else []
        lines.append(f"“{title}”: {'new' if each.added else 'removed' if each.removed else ', '.join([*moved, *became])}")
    rule = ["What is done when principles conflict"] if change.conflict_rule.changed else []
    return [*lines, *rule] or ["Nothing differs."]
