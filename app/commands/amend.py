"""`amend`: proposed changes to a constitution of this studio: proposing, commenting, approving, evidence, deciding; and who may do what."""

import argparse
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.user import COMMAND_LINE, operator
from app.settings import MOST_DIGITS
from core.errors import ConfigError

if TYPE_CHECKING:
    from app.services.amendment_views import AmendmentView
    from app.services.studio import Studio

TEXT = """\
An amendment changes the newest version of a constitution: somebody proposes it with a reason, others comment on its clauses, a second person approves it, and
it is adopted with a message: with evidence, which trains the old and the new wording alike, or with a waiver that says why there is none.
"""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> list[argparse.ArgumentParser]:
    """Add this command. Returns the parsers that take the folder of the data."""
    top = commands.add_parser("amend", help="propose, discuss, approve and adopt a change to a constitution", description=TEXT)
    verbs = top.add_subparsers(dest="verb", required=True, metavar="propose|comment|approve|update|evidence|adopt|reject|withdraw|list|show|role")
    propose = _verb(verbs, "propose", "propose the text of a file as the next version")
    propose.add_argument("constitution", metavar="CONSTITUTION", help="as it is cited, such as brevity")
    propose.add_argument("file", type=Path, metavar="FILE", help="the whole text as it is to be, as `cite` and the Write page give it")
    propose.add_argument("--reason", required=True, metavar="TEXT", help="what is wrong with the text as it is")
    comment = _numbered(verbs, "comment", "say something of a clause")
    comment.add_argument("text", metavar="TEXT")
    comment.add_argument("--principle", type=_number, metavar="N", help="which, from 1 on (default: the whole)")
    _numbered(verbs, "approve", "approve it; never whoever proposed it").add_argument("--message", default="", metavar="TEXT")
    update = _numbered(verbs, "update", "bring it up to date where the newest version moved on")
    update.add_argument("--prefer", choices=("amendment", "version"), help="whose text stays where both changed the same")
    evidence = _numbered(verbs, "evidence", "queue a run of the old wording and one of the new, alike but for it; `show` tells what they say")
    evidence.add_argument("--queries", metavar="NAME", help="a query set of the studio (default: its first)")
    evidence.add_argument("--model", metavar="ID", help="what to train (default: STUDIO_MODEL)")
    evidence.add_argument("--preset", default="quick", help="how much to train (default: quick)")
    evidence.add_argument("--seed", type=int, default=0)
    evidence.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="change one setting of the preset")
    adopt = _numbered(verbs, "adopt", "make it the next version")
    adopt.add_argument("--waiver", default="", metavar="TEXT", help="why it is adopted without evidence")
    for command in (adopt, _numbered(verbs, "reject", "refuse it"), _numbered(verbs, "withdraw", "take back what one proposed")):
        command.add_argument("--message", required=True, metavar="TEXT", help="why")
    _verb(verbs, "list", "the amendments of a constitution").add_argument("constitution", metavar="CONSTITUTION")
    _numbered(verbs, "show", "one amendment, with all that was said of it")
    role = _verb(verbs, "role", "say who may do what: writers propose, reviewers approve, owners decide")
    role.add_argument("constitution", metavar="CONSTITUTION")
    role.add_argument("name", metavar="NAME", nargs="?", help="left out: list them")
    role.add_argument("role", metavar="writer|reviewer|owner|none", nargs="?")
    return list(verbs.choices.values())


def _verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, says: str) -> argparse.ArgumentParser:
    command = verbs.add_parser(name, help=says, description=says.capitalize() + ".")
    command.add_argument("--who", metavar="NAME", help="under which name (default: yours on this machine)")
    return command


def _numbered(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, says: str) -> argparse.ArgumentParser:
    command = _verb(verbs, name, says)
    command.add_argument("amendment", type=_number, metavar="ID")
    return command


def _number(text: str) -> int:
    if not text.isdecimal() or not text.isascii() or len(text) > MOST_DIGITS:
        raise argparse.ArgumentTypeError(f"must be a whole number, got {text[:40]!r}")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Do it. Returns the exit status."""
    from app.commands.mark import require_studio
    from app.services.actors import require_name
    from app.services.audit import acting

    who = require_name(options.who if options.who is not None else operator())
    studio = require_studio(options)
    with acting(who, COMMAND_LINE):
        VERBS[options.verb](studio, options, who)
    return 0


def _propose(studio: "Studio", options: argparse.Namespace, who: str) -> None:
    from app.commands.files import read_constitution
    from app.services.addresses import find
    from app.services.amendments import propose

    of = find(studio, options.constitution)
    made = propose(studio, who, read_constitution(options.file), options.reason, (of.id, secrets.token_hex(16)))
    print(f"Amendment {made} to {of.name} is proposed.")


def _comment(studio: "Studio", options: argparse.Namespace, who: str) -> None:
    from app.services.amendments import comment

    principle = ""
    if options.principle is not None:
        principles = _opened(studio, options).text.principles
        if not 1 <= options.principle <= len(principles):
            raise ConfigError(f"There is no principle {options.principle}; the amendment has {len(principles)}.")
        principle = principles[options.principle - 1].id
    comment(studio, options.amendment, who, (principle, options.text), secrets.token_hex(16))
    print("It is said.")


def _approve(studio: "Studio", options: argparse.Namespace, who: str) -> None:
    from app.services.amendments import approve

    approve(studio, options.amendment, who, _opened(studio, options).revision, options.message)
    print(f"{who} approves amendment {options.amendment}.")


def _update(studio: "Studio", options: argparse.Namespace, who: str) -> None:
    from app.services.amendments import bring_up_to_date

    prefer = {"amendment": "mine", "version": "theirs", None: None}[options.prefer]
    bring_up_to_date(studio, options.amendment, who, _opened(studio, options).revision, prefer)  # type: ignore[arg-type]
    print(f"Amendment {options.amendment} is brought up to date. It has to be approved anew.")


def _evidence(studio: "Studio", options: argparse.Namespace, who: str) -> None:
    from app.present.preview import pair_lines
    from app.services.evidence import ask_evidence, preview_evidence
    from app.services.plans import TrainForm
    from app.services.query_sets import list_query_sets

    sets = list_query_sets(studio)
    chosen = next((each for each in sets if options.queries in (None, each.name)), None)
    if chosen is None:
        raise ConfigError(f"There is no query set {options.queries!r}. There are: {', '.join(each.name for each in sets)}.")
    model = options.model or studio.settings.model
    form = TrainForm(version_id=0, query_set_id=chosen.id, model=model, preset=options.preset, seed=options.seed, changes=tuple(options.set))
    print(*pair_lines(preview_evidence(studio, options.amendment, form)), sep="\n")
    ask_evidence(studio, options.amendment, who, form, (_opened(studio, options).revision, secrets.token_hex(16)))
    pair = _opened(studio, options).evidence[0]
    print(f"Run {pair.old_run} (old wording) and run {pair.new_run} (new wording) wait in the queue; a studio that runs works through it.")


def _decide(studio: "Studio", options: argparse.Namespace, who: str) -> None:
    from app.services.amendments import Decided, decide

    decision = {"adopt": "adopted", "reject": "rejected", "withdraw": "withdrawn"}[options.verb]
    decided = Decided(decision=decision, message=options.message, waiver=getattr(options, "waiver", ""))  # type: ignore[arg-type]
    number = decide(studio, options.amendment, who, _opened(studio, options).revision, decided)
    became = f", as {_opened(studio, options).of.slug}@{number}" if number is not None else ""
    print(f"Amendment {options.amendment} is {decision}{became}.")


def _list(studio: "Studio", options: argparse.Namespace, who: str) -> None:
    from app.services.addresses import find
    from app.services.amendment_views import list_amendments

    of = find(studio, options.constitution)
    found = list_amendments(studio, of.id)
    if not found:
        print(f"There is no amendment to {of.name}.", file=sys.stderr)
    for line in found:
        print(f"{line.id}  {line.status}  {line.proposed_at:%Y-%m-%d}  {line.proposed_by}: {line.reason}")


def _show(studio: "Studio", options: argparse.Namespace, who: str) -> None:
    print("\n".join(_lines(_opened(studio, options))))


def _lines(view: "AmendmentView") -> Iterator[str]:
    from app.commands.cite import change_lines
    from app.present.amended import evidence_lines

    line, titles = view.line, {p.id: p.title for p in view.text.principles}
    yield f"Amendment {line.id} to version {line.base_number} of {view.of.name}: {line.status}"
    yield f"{line.proposed_by}, {line.proposed_at:%Y-%m-%d}: {line.reason}"
    yield from filter(None, [view.behind])
    yield from (f"  {each}" for each in change_lines(view.change))
    for said in view.comments:
        about = f" on “{titles.get(said.principle, 'a principle that is gone')}”" if said.principle else ""
        yield f"{said.who}{about}: {said.text}"
    for said in view.approvals:
        yield f"{said.who} approves{'' if said.revision == view.revision else ' an earlier wording'}{f': {said.text}' if said.text else ''}"
    for found in view.evidence:
        yield from evidence_lines(found)
    if view.decided is not None:
        yield f"{line.status.capitalize()} by {view.decided.who}: {view.decided.text}"
        yield from filter(None, [view.waiver and f"Without evidence: {view.waiver}"])


def _role(studio: "Studio", options: argparse.Namespace, who: str) -> None:
    from app.services.addresses import find
    from app.services.roles import give_role, roles

    of = find(studio, options.constitution)
    if options.name is not None:
        role = "" if options.role == "none" else options.role
        give_role(studio, of.id, who, options.name, role, operator=True)
    for holder in roles(studio, of.id):
        print(f"{holder.role}  {holder.name}{' (left)' if holder.left else ''}")


def _opened(studio: "Studio", options: argparse.Namespace) -> "AmendmentView":
    from app.services.amendment_views import open_amendment

    return open_amendment(studio, options.amendment)


VERBS: dict[str, Callable[["Studio", argparse.Namespace, str], None]] = {
    "propose": _propose,
    "comment": _comment,
    "approve": _approve,
    "update": _update,
    "evidence": _evidence,
    **dict.fromkeys(("adopt", "reject", "withdraw"), _decide),
    "list": _list,
    "show": _show,
    "role": _role,
}
