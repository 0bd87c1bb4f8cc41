"""`judge`: what the checks say of replies that exist already. No model is loaded."""

import argparse
import json
import sys

from app.commands.files import read_bytes, read_constitution
from app.present.readings import head_lines
from app.present.text import count
from core.constitution.reading.replies import read_replies
from core.measure.judging import Judged, Total, judge_within, judged_to_data


def run(options: argparse.Namespace) -> int:
    """`judge`: a table, or JSON; what was read as what goes to stderr."""
    constitution = read_constitution(options.constitution)
    file = read_replies(read_bytes(options.replies), options.replies.name)
    judged = judge_within(constitution, file.replies)
    read = f"{options.replies.name}: {count(len(file.replies), 'reply', 'replies')}"
    print(read, *head_lines(file), *(f"  {note}" for note in judged.notes), sep="\n", file=sys.stderr)
    print(json.dumps(judged_to_data(judged), ensure_ascii=False) if options.json else "\n".join(_table(judged)))
    return 0


def _table(judged: Judged) -> list[str]:
    """A line a principle."""
    titles = ["Principle", *(_plain(title) for title in judged.totals)]
    width = max(map(len, titles))
    lines = [f"{titles[0]:<{width}}  follows      n  unjudged   share  95% interval"]
    for title, total in zip(titles[1:], judged.totals.values(), strict=True):
        lines.append(f"{title:<{width}}  {total.follows:>7,}  {total.n:>5,}  {total.unjudged:>8,}  {_share(total)}")
    return lines


def _share(total: Total) -> str:
    if total.low is None or total.high is None:
        return "     –  nothing could be judged"
    return f"{total.follows / total.n:>6.1%}  {total.low:.1%} to {total.high:.1%}"


def _plain(title: str) -> str:
    """A title without signs that move a terminal's cursor."""
    return "".join(letter if letter.isprintable() else " " for letter in title)
