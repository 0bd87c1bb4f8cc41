"""Comparing: one query put to several arms, kept under a link. No torch: the model host answers."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy.orm import Session

import db.comparisons as store
from app.host import client as host_client
from app.host.protocol import ModelChoice, ReplyRequest
from app.services.comparison_views import ComparisonView, Pane, Recent, State, after_event, ended
from app.services.sources import ArmWish, Source, chosen_arms, moved_onto, source_of_run, source_of_version
from app.services.stored import NotKeptError, constitution_of
from app.services.studio import Studio, in_words
from core.constitution.normal import is_unseen, repaired
from core.constitution.principles import SIDES, Side, to_data
from core.constitution.queries import MAX_QUERY_CHARS
from core.constitution.stored import Unreadable, require_readable
from core.errors import ConfigError, QueryError, StudioError
from core.methods.arms import Arm, arm_from_data, arm_to_data
from core.settings import SamplingConfig
from db.comparisons import NewComparison, NewReply
from db.constitutions import get_version_by_id, named_constitution, named_version
from db.runs import get_run_summary
from db.status import JobStatus
from db.tables import Comparison, Reply

MAX_SEED = 2**53 - 1  # the largest whole number that a browser keeps exactly


@dataclass(frozen=True, kw_only=True)
class CompareForm:
    """What a person asks for, as it came from the page: checked by `start_comparison`."""

    run_id: int | None
    version_id: int | None  # only without a run
    query: object
    side: object
    seed: object
    sampling: Mapping[str, object]  # max_new_tokens, temperature, top_p
    arms: Sequence[ArmWish] | None = None  # None: those that the source offers
    moved: bool = False  # whether what the run's adapter changed is moved onto the studio's model


def start_comparison(studio: Studio, caller: str, form: CompareForm) -> Iterator[ComparisonView]:
    """Store a comparison, then yield it again and again as the replies are written. Close the iterator to stop.

    Every finished reply is stored at once, so what a killed host or a closed tab leaves can be opened and finished.

    Raises:
        StudioError: The form cannot be used; nothing was stored. Later troubles come as `problem` and in the panes.
    """
    query, side, seed = _checked_query(form.query), _checked_side(form.side), _checked_seed(form.seed)
    sampling = checked_sampling(form.sampling)
    with in_words(), studio.sessions.begin() as session:
        source = _source(session, studio, form)
        new = NewComparison(
            version_id=source.version_id,
            run_id=source.run_id,
            model=studio.store.model_in_row(source.model),
            revision=source.revision,
            four_bit=source.four_bit,
            arms=[arm_to_data(arm) for arm in chosen_arms(source, form.arms)],
            query=query,
            side=side,
            seed=seed,
            sampling=asdict(sampling),
            created_by=caller,
        )
        row = store.add_comparison(session, new)
        session.refresh(row)
        view = _view(session, studio, store.get_comparison(session, row.id))
        if (view.query, view.sampling, [arm_to_data(pane.arm) for pane in view.panes]) != (query, sampling, new.arms):
            raise NotKeptError("the comparison")
    yield from _follow(studio, view)


def redo(studio: Studio, comparison_id: str) -> Iterator[ComparisonView]:
    """Write the replies that were never finished, with the same seed and sampling; yields as `start_comparison`."""
    yield from _follow(studio, open_comparison(studio, comparison_id))


def open_comparison(studio: Studio, comparison_id: str) -> ComparisonView:
    """A stored comparison with what its arms replied."""
    with in_words(), studio.sessions.read() as session:
        return _view(session, studio, store.get_comparison(session, comparison_id))


def list_recent(studio: Studio, run_id: int | None = None, limit: int = 12) -> list[Recent]:
    """The newest comparisons of a run, or of all."""
    with in_words(), studio.sessions.read() as session:
        return [_recent(session, row) for row in store.list_comparisons(session, run_id, limit)]


def _recent(session: Session, row: Comparison) -> Recent:
    version = named_version(session, row.version_id)
    return Recent(
        id=row.id,
        query=row.query,
        side=row.side,
        created_by=row.created_by,
        created_at=row.created_at,
        constitution_name=named_constitution(session, version.constitution_id),
        version_number=version.number,
        run_id=row.run_id,
    )


def _checked_query(query: object) -> str:
    plain = repaired(query).strip() if isinstance(query, str) else ""
    if is_unseen(plain):
        raise QueryError("There is no query yet. Type what you would ask the model.")
    if len(plain) > MAX_QUERY_CHARS:
        raise QueryError(f"The query has {len(plain):,} characters; the limit is {MAX_QUERY_CHARS:,}. Shorten it.")
    return plain


def _checked_side(side: object) -> Side:
    found = next((known for known in SIDES if known == side), None)
    if found is None:
        raise ConfigError(f"side must be {' or '.join(SIDES)}, got {side!r}.")
    return found


def _checked_seed(seed: object) -> int:
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed <= MAX_SEED:
        raise ConfigError(f"The seed must be a whole number from 0 to {MAX_SEED:,}; it is {'empty' if seed is None else repr(seed)}.")
    return seed


def checked_sampling(given: Mapping[str, object]) -> SamplingConfig:
    """Sampling settings from a form.

    Raises:
        ConfigError: A value that is no number, or outside its range; the message names it.
    """
    for name in ("max_new_tokens", "temperature", "top_p"):
        value = given.get(name)
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not (whole or (name != "max_new_tokens" and isinstance(value, float) and math.isfinite(value))):
            raise ConfigError(f"{name} must be a {'whole ' if name == 'max_new_tokens' else ''}number; it is {'empty' if value is None else repr(value)}.")
    return SamplingConfig(max_new_tokens=given["max_new_tokens"], temperature=given["temperature"], top_p=given["top_p"])  # type: ignore[arg-type]


def _source(session: Session, studio: Studio, form: CompareForm) -> Source:
    if form.run_id is not None:
        summary = get_run_summary(session, form.run_id)
        source = source_of_run(studio, summary)
        if source.problem:
            raise ConfigError(f"Run {form.run_id} cannot be compared: {source.problem} Choose another one.")
        if summary.run.job.status != JobStatus.FINISHED or source.artifact is None:
            raise ConfigError(f"Run {form.run_id} is {summary.run.job.status}, so it has no adapter yet. Choose a finished run, or wait for this one.")
        return moved_onto(source, studio.settings.model) if form.moved else source
    if form.version_id is None:
        raise ConfigError("No run and no version is chosen. Choose one.")
    source = source_of_version(session, form.version_id, studio.settings.model)
    if source.problem:
        raise ConfigError(f"Version {source.version_number} of “{source.constitution_name}” cannot be read: {source.problem} Choose another one.")
    return source


def _stored_source(session: Session, studio: Studio, row: Comparison) -> Source:
    model = studio.store.model_of_row(row.model)
    source = source_of_version(session, row.version_id, model) if row.run_id is None else source_of_run(studio, get_run_summary(session, row.run_id))
    moved = source.artifact is not None and source.model != model
    return replace(source, model=model, revision=row.revision, four_bit=row.four_bit, trained_on=source.model if moved else "")


def _view(session: Session, studio: Studio, row: Comparison) -> ComparisonView:
    source = _stored_source(session, studio, row)
    constitution = constitution_of(get_version_by_id(session, row.version_id))
    replies = {reply.arm: reply for reply in row.replies}
    arms, sampling = _asked(row)
    return ComparisonView(
        id=row.id,
        source=source,
        query=row.query,
        side=row.side,
        seed=row.seed,
        sampling=sampling,
        created_by=row.created_by,
        created_at=row.created_at,
        constitution=constitution,
        panes=tuple(_pane(arm, replies.get(arm.key)) for arm in arms),
        reply_seed=next((reply.seed for reply in row.replies), None),
        problem=f"The constitution that it was asked with cannot be read: {constitution.reason}" if isinstance(constitution, Unreadable) else None,
    )


def _asked(row: Comparison) -> tuple[list[Arm], SamplingConfig]:
    """The arms and the sampling of a stored comparison.

    Raises:
        ConfigError: They cannot be read: mostly another version of the studio asked.
    """
    try:
        arms = [arm_from_data(data) for data in row.arms]
        sampling = checked_sampling(row.sampling)
    except (ConfigError, TypeError, AttributeError) as error:
        raise ConfigError(f"This comparison cannot be read: {error} Take it as it is stored: ./comparisons/{row.id}/stored.json") from error
    if not arms:
        raise ConfigError(f"This comparison cannot be read: it names no arm. Take it as it is stored: ./comparisons/{row.id}/stored.json")
    return arms, sampling


def _pane(arm: Arm, reply: Reply | None) -> Pane:
    if reply is None:
        return Pane(arm=arm, state="stopped")
    scores = _scores(reply.token_scores)
    state: State = "done" if reply.done else "failed" if reply.error else "stopped"
    return Pane(
        arm=arm,
        state=state,
        text=reply.text,
        tokens=reply.tokens,
        ended=reply.ended,
        adapter_sha256=reply.adapter_sha256,
        error=reply.error,
        token_scores=scores,
    )


def _scores(stored: object) -> tuple[tuple[str, float, float], ...] | None:
    """What is drawn below a reply; nothing where it cannot be read, since the reply says the same without."""
    try:
        return tuple((str(text), float(base), float(own)) for text, base, own in stored) if stored else None  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return None


def _follow(studio: Studio, view: ComparisonView) -> Iterator[ComparisonView]:
    """Have the unfinished panes written, and store each when it is done."""
    if not view.unfinished:
        yield view
        return
    request = _request(view)
    waiting = tuple(pane if pane.state == "done" else Pane(arm=pane.arm, state="waiting") for pane in view.panes)
    view = replace(view, panes=waiting, running=True, note="asking the model host")
    events = host_client.stream(studio.settings, request)
    try:
        yield view
        for event in events:
            view = after_event(view, event)
            if event["event"] in ("done", "error") and "arm" in event:
                _store(studio, view, event["arm"])
            yield view
    except StudioError as error:
        view = replace(view, problem=str(error))
    finally:
        events.close()
        view = ended(view)
        for pane in view.panes:
            if pane.state == "stopped" and pane.text:
                _store(studio, view, pane.arm.key)
    yield view


def _request(view: ComparisonView) -> ReplyRequest:
    return ReplyRequest(
        model=ModelChoice(id=view.source.model, revision=view.source.revision, four_bit=view.source.four_bit),
        query=view.query,
        arms=[arm_to_data(arm) for arm in view.unfinished],
        seed=view.seed,
        sampling=asdict(view.sampling),
        side=_checked_side(view.side),
        constitution=to_data(require_readable(view.constitution, "The constitution of this comparison")),
    )


def _store(studio: Studio, view: ComparisonView, key: str) -> None:
    pane = view.pane(key)
    assert pane is not None
    assert view.reply_seed is not None  # the host names the seed before any reply
    reply = NewReply(
        arm=key,
        text=pane.text,
        seed=view.reply_seed,
        done=pane.state == "done",
        tokens=pane.tokens,
        ended=pane.ended,
        adapter_sha256=pane.adapter_sha256,
        error=pane.error,
        token_scores=[list(row) for row in pane.token_scores] if pane.token_scores else None,
    )
    with in_words(), studio.sessions.begin() as session:
        store.save_reply(session, view.id, reply)
