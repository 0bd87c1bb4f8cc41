"""Amendments: a proposed change to the newest version, with reason, comments, a second person's approval, and a decision. Each function is one use case."""

from dataclasses import dataclass, replace
from typing import Literal
from uuid import uuid4

from sqlalchemy.orm import Session

import db.amendments as store
import db.constitutions as versions
from app.services.audit import record
from app.services.constitutions import open_draft
from app.services.documents import MAX_MESSAGE_CHARS, same_principles
from app.services.evidence import is_complete
from app.services.request_keys import require_key
from app.services.roles import require_role, require_someone
from app.services.stored import require_constitution, write_version
from app.services.studio import RefusedError, Studio, in_words
from core.constitution.changes import changes
from core.constitution.findings import require_valid
from core.constitution.merging import Merged, Preferred, merge
from core.constitution.normal import is_unseen, normal, repaired
from core.constitution.principles import Constitution, to_data
from core.constitution.stored import decode, encode, require_readable
from core.errors import ConstitutionError
from db.amendment_tables import Amendment, AmendmentText
from db.amendments import NewText
from db.constitutions import NewVersion
from db.session import clock
from db.tables import Version
from db.users import name_key

MAX_REASON_CHARS = 4_000
Decision = Literal["adopted", "rejected", "withdrawn"]


class BehindError(RefusedError):
    """The amendment changes a version that is not the newest any more."""


class ClashError(RefusedError):
    """Both changed the same, so somebody has to say which stays."""


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What is decided, and why."""

    decision: Decision
    message: object
    waiver: object = ""  # why it is adopted without evidence


def propose_draft(studio: Studio, constitution_id: int, who: str, reason: object, request_key: object) -> int:
    """Propose what one's draft says. The draft stays as it is. Raises as `propose`."""
    require_someone(who)
    return propose(studio, who, open_draft(studio, constitution_id, who).constitution, reason, (constitution_id, request_key))


def propose(studio: Studio, who: str, text: Constitution, reason: object, about: tuple[int, object]) -> int:
    """Propose a text as the next version, and return the amendment's id.

    Args:
        studio: The open studio.
        who: Who proposes.
        text: The whole text, as it is to be; principles are known by their ids, else by title or statement.
        reason: Why.
        about: The constitution's id, and the key of the request: the same key is the same amendment.

    Raises:
        StudioError: There is no version to amend, nothing would change, the text cannot be a version, or roles do not allow it.
    """
    constitution_id, key = about[0], require_key(about[1], needed=True)
    said = require_words(reason, "An amendment needs a reason: what is wrong with the text as it is? Write it.", MAX_REASON_CHARS)
    with in_words(), studio.sessions.begin() as session:
        require_role(session, constitution_id, require_someone(who), ("writer", "owner"))
        head = _head(session, constitution_id)
        before = require_constitution(head)
        meant = _with_identities(before, text)
        require_valid(meant)
        if same_principles(meant, before):
            raise RefusedError(f"This says what version {head.number} says, so there is nothing to propose. Change the draft first.")
        row = store.add_amendment(session, constitution_id, said, NewText(base_version_id=head.id, content=encode(meant), made_by=who), key)
        record(session, "amendment.proposed", f"amendment {row.id}", once=True, constitution=constitution_id, version=head.number)
        return row.id


def _with_identities(before: Constitution, text: Constitution) -> Constitution:
    """A text whose principles are those of the version before, as far as it has them: a file knows no ids. The name is the constitution's."""
    known = {each.id for each in before.principles}
    blank = replace(text, name=before.name, principles=tuple(p if p.id in known else replace(p, id="") for p in text.principles))
    partners = {each.after: each.before for each in changes(before, blank).principles if each.after is not None and each.before is not None}
    given = [before.principles[partners[i]].id if i in partners else (p.id or uuid4().hex) for i, p in enumerate(text.principles)]
    return replace(blank, principles=tuple(replace(p, id=identity) for p, identity in zip(text.principles, given, strict=True)))


def comment(studio: Studio, amendment_id: int, who: str, said: tuple[str, object], request_key: object) -> None:
    """Say something of a clause.

    Args:
        studio: The open studio.
        amendment_id: Of which.
        who: Who says it.
        said: The identity of the principle, empty for the whole, and the words.
        request_key: The same key says it once.
    """
    key, (principle, words) = require_key(request_key, needed=True), said
    plain = require_words(words, "The comment is empty. Write it.", MAX_REASON_CHARS)
    with in_words(), studio.sessions.begin() as session:
        row = _open(session, amendment_id)
        require_role(session, row.constitution_id, require_someone(who), ("writer", "reviewer", "owner"))
        clause = _clause(session, row, principle)
        new: dict[str, object] = {"amendment_id": row.id, "principle": principle, "clause": clause, "text": plain, "who": who, "request_key": key}
        store.add_comment(session, new)
        record(session, "amendment.commented", f"amendment {row.id}")


def _clause(session: Session, row: Amendment, principle: str) -> str:
    if not principle:
        return ""
    text = newest_text(session, row.id)
    base = require_constitution(versions.get_version_by_id(session, text.base_version_id))
    found = next((p for each in (wording(text), base) for p in each.principles if p.id == principle), None)
    if found is None:
        raise RefusedError(f"Neither the amendment nor the version that it changes has a principle {principle[:40]!r}. Reload the page, then try again.")
    return found.statement


def approve(studio: Studio, amendment_id: int, who: str, revision: int, message: object) -> None:
    """Approve a wording that somebody else proposed.

    Raises:
        RefusedError: It is one's own, another wording by now, behind the newest version, or decided.
    """
    words = require_words(message, "", MAX_MESSAGE_CHARS) if message else ""
    with in_words(), studio.sessions.begin() as session:
        row = _open(session, amendment_id)
        require_role(session, row.constitution_id, require_someone(who), ("reviewer", "owner"))
        text = _seen(session, row, revision)
        if name_key(who) in {name_key(row.proposed_by), name_key(text.made_by)}:
            raise RefusedError(f"Amendment {row.id} is {who}’s own. A second person has to approve it, under another name.")
        _require_newest(session, row, text)
        store.add_approval(session, row.id, revision, who, words)
        record(session, "amendment.approved", f"amendment {row.id}", revision=revision)


def bring_up_to_date(studio: Studio, amendment_id: int, who: str, revision: int, prefer: Preferred | None = None) -> None:
    """Put an amendment together with the newest version. That makes another wording, which has to be approved anew; the one before stays on record.

    Raises:
        ClashError: Both changed the same, and nobody said which stays.
        RefusedError: It changes the newest version already, or nothing would be left of it.
    """
    with in_words(), studio.sessions.begin() as session:
        row = _open(session, amendment_id)
        require_role(session, row.constitution_id, require_someone(who), ("writer", "owner"))
        text, head = _seen(session, row, revision), _head(session, row.constitution_id)
        if text.base_version_id == head.id:
            raise RefusedError(f"Amendment {row.id} changes version {head.number}, which is the newest, so there is nothing to bring up to date.")
        merged = together(session, text, head, prefer or "mine")
        if merged.clashes and prefer is None:
            titles = {p.id: p.title for each in (wording(text), require_constitution(head)) for p in each.principles}
            where = ", ".join(dict.fromkeys(f"the {each.part} of “{titles.get(each.principle, 'a principle')}”" for each in merged.clashes))
            raise ClashError(f"Both the amendment and version {head.number} changed {where}. Say which is to stay: the amendment’s text, or the version’s.")
        require_valid(merged.constitution)
        if same_principles(merged.constitution, require_constitution(head)):
            raise RefusedError(f"Version {head.number} says already what would be left of amendment {row.id}. Withdraw it instead.")
        store.add_text(session, row.id, NewText(base_version_id=head.id, content=encode(merged.constitution), made_by=who))
        record(session, "amendment.updated", f"amendment {row.id}", version=head.number)


def together(session: Session, text: AmendmentText, head: Version, prefer: Preferred) -> Merged:
    """A wording and the newest version, as one."""
    base = require_constitution(versions.get_version_by_id(session, text.base_version_id))
    newest = require_constitution(head)
    merged = merge(base, wording(text), newest, prefer)
    return replace(merged, constitution=replace(merged.constitution, name=newest.name))


def decide(studio: Studio, amendment_id: int, who: str, revision: int, decided: Decided) -> int | None:
    """Adopt, reject or withdraw an amendment. Adopting makes the next version, by whoever proposed it; its number is returned.

    Raises:
        BehindError: The version that it changes is not the newest any more.
        RefusedError: Nobody else approved this wording, there is neither evidence nor a waiver, or roles do not allow it.
    """
    words = require_words(decided.message, "A decision needs a message: why is it so? Write it.", MAX_REASON_CHARS)
    waiver = require_words(decided.waiver, "", MAX_REASON_CHARS) if decided.waiver else ""
    with in_words(), studio.sessions.begin() as session:
        row = _open(session, amendment_id)
        text = _seen(session, row, revision)
        own = name_key(require_someone(who)) == name_key(row.proposed_by)
        if decided.decision == "withdrawn" and not own:
            raise RefusedError(f"Only {row.proposed_by}, who proposed amendment {row.id}, can withdraw it. Reject it instead.")
        if decided.decision != "withdrawn":
            require_role(session, row.constitution_id, who, ("owner",))
        version = _adopt(studio, session, row, text, waiver) if decided.decision == "adopted" else None
        row.decision, row.decided_by, row.decided_at, row.message = decided.decision, who, clock(session), words
        row.waiver, row.version_id = waiver if version is not None else "", version.id if version is not None else None
        session.flush()
        record(session, f"amendment.{decided.decision}", f"amendment {row.id}", version=version.number if version is not None else None)
        return version.number if version is not None else None


def _adopt(studio: Studio, session: Session, row: Amendment, text: AmendmentText, waiver: str) -> Version:
    head = _require_newest(session, row, text)
    if not is_approved(session, row, text):
        raise RefusedError(f"Nobody but {row.proposed_by} has approved amendment {row.id} as it stands. Have a second person approve it first.")
    if not waiver and not is_complete(session, row.id, text.revision):
        raise RefusedError(
            f"There is no finished evidence for amendment {row.id} as it stands. Have both wordings trained, or say in a waiver why it is adopted without."
        )
    meant = replace(wording(text), name=versions.get_constitution(session, row.constitution_id).name)
    message = f"Amendment {row.id}: {row.reason}"
    short = message if len(message) <= MAX_MESSAGE_CHARS else f"{message[: MAX_MESSAGE_CHARS - 2]} …"
    new = NewVersion(constitution_id=row.constitution_id, base_version_id=head.id, content=to_data(meant), message=short, author=row.proposed_by)
    version = write_version(session, new, meant)
    record(session, "version.saved", f"constitution {row.constitution_id}", version=version.number, amendment=row.id)
    return version


def is_approved(session: Session, row: Amendment, text: AmendmentText) -> bool:
    """Whether somebody else than its proposer approved this wording."""
    return any(each.revision == text.revision and name_key(each.who) != name_key(row.proposed_by) for each in store.approvals_of(session, row.id))


def _require_newest(session: Session, row: Amendment, text: AmendmentText) -> Version:
    head = _head(session, row.constitution_id)
    if head.id != text.base_version_id:
        base = versions.get_version_by_id(session, text.base_version_id)
        raise BehindError(
            f"Amendment {row.id} changes version {base.number}, and {head.author} saved version {head.number} meanwhile. Bring the amendment up to date first; "
            "nothing of either is lost."
        )
    return head


def newest_text(session: Session, amendment_id: int) -> AmendmentText:
    """The wording that an amendment has now."""
    texts = store.texts_of(session, amendment_id)
    if not texts:
        raise RefusedError(f"The text of amendment {amendment_id} is not in the database any more. Propose it again.")
    return texts[-1]


def wording(text: AmendmentText) -> Constitution:
    """What a wording says. Raises ConstitutionError where it cannot be read."""
    return require_readable(decode(text.content, text.sha256), f"Amendment {text.amendment_id}")


def require_words(given: object, missing: str, most: int) -> str:
    """Words as they are kept.

    Raises:
        ConstitutionError: None, or too many.
    """
    plain = repaired(normal(given)).strip() if isinstance(given, str) else ""
    if is_unseen(plain):
        raise ConstitutionError(missing or "The message holds nothing that can be seen. Write it, or leave it out.")
    if len(plain) > most:
        raise ConstitutionError(f"That has {len(plain):,} characters; the limit is {most:,}. Shorten it.")
    return plain


def _open(session: Session, amendment_id: int) -> Amendment:
    row = store.get_amendment(session, amendment_id)
    if row.decision:
        raise RefusedError(f"Amendment {row.id} was {row.decision} by {row.decided_by}. Propose another one to go on.")
    return row


def _seen(session: Session, row: Amendment, revision: int) -> AmendmentText:
    text = newest_text(session, row.id)
    if text.revision != revision:
        raise RefusedError(f"Amendment {row.id} has another wording since it was shown here. Reload the page and read it again.")
    return text


def _head(session: Session, constitution_id: int) -> Version:
    name = versions.get_constitution(session, constitution_id).name
    head = versions.get_head(session, constitution_id)
    if head is None:
        raise RefusedError(f"“{name}” has no version yet, so there is nothing to amend. Save a version first.")
    return head
