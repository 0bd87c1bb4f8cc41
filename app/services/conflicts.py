"""Two principles of a version set against each other, for a form: what that would be, and asking it. No torch: the model host asks the base.

It is what `python -m app conflict` does, by the same functions: the form's constitution, model, queries and seed, and its length and temperature of
replies. What is found is kept with the replies.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.host.protocol import ConflictRequest, Event, ModelChoice
from app.services.host_asking import AskedView, follow, kept_as
from app.services.kept_conflicts import ConflictForm, ConflictFound, ConflictPlan, keep_conflict, told_of
from app.services.plans import Plan, known_hardware, make_plan
from app.services.stored import queries_of
from app.services.studio import Studio, in_words
from app.services.text_files import file_stem
from core.constitution.principles import Principle, to_data
from core.constitution.queries import draw_queries
from core.errors import ConfigError
from core.measure.conflicts import PairReplies, orders_of, pair_of, prompt_says, replies_from_data
from core.runs.estimates import pair_s
from core.settings import SamplingConfig, require_in_range
from db.query_sets import get_query_set

FEWEST_QUERIES, MOST_QUERIES = 2, 500


@dataclass(frozen=True, kw_only=True)
class PrincipleToSet:
    """A principle that can be chosen."""

    number: int
    title: str
    priority: int | None
    judged: bool  # whether a program can tell if a reply follows it


@dataclass(frozen=True, kw_only=True)
class ConflictPreview:
    """What it would be, before it is asked; where it cannot be asked, why."""

    name: str  # of the constitution
    principles: tuple[PrincipleToSet, ...]
    first: int | None  # that are chosen; None: there are no two
    second: int | None
    problem: str = ""  # empty: it can be asked
    setting: str = ""  # the field that the problem is about, where it is about one
    prompt: str = ""  # what of the prompt decides beside the two texts
    queries: int = 0  # that are asked
    held_out: int = 0  # that the set has
    orders: int = 0  # in which each is answered
    seconds: float | None = None  # None: hardware or model are not known
    command: str = ""  # the same from a terminal


@dataclass(frozen=True, kw_only=True)
class ConflictView(AskedView):
    """A conflict as it stands."""

    plan: ConflictPlan
    replies: PairReplies | None = None

    @property
    def told(self) -> ConflictFound | None:
        """What it came to; None until there are replies."""
        return told_of(self.plan.pair, self.replies, self.kept, self.unkept) if self.replies is not None else None


def preview_conflict(studio: Studio, form: ConflictForm) -> ConflictPreview:
    """What a form would mean.

    Raises:
        StudioError: What would be trained cannot be used. What is wrong with the two principles or their queries comes as `problem`.
    """
    plan = make_plan(studio, form.train)
    constitution = plan.constitution
    options = tuple(_option(i, principle) for i, principle in enumerate(constitution.principles, 1))
    found = ConflictPreview(name=constitution.name, principles=options, first=None, second=None, held_out=plan.query_set.held_out)
    if len(options) < 2:
        says = f"“{constitution.name}” has one principle, so there is nothing to set against it. Choose a constitution with two, or add one on the Write page."
        return replace(found, problem=says)
    named = _named(form, options)
    found = replace(found, first=named.first, second=named.second)
    try:
        planned = _planned(studio, plan, named)
    except ConfigError as error:
        return replace(found, problem=str(error), setting=error.setting or "")
    orders = len(orders_of(planned.pair))
    return replace(
        found,
        prompt=prompt_says(planned.pair),
        queries=len(planned.queries),
        orders=orders,
        seconds=_seconds(studio, planned, orders),
        command=_command(planned),
    )


def plan_conflict(studio: Studio, form: ConflictForm) -> ConflictPlan:
    """Check a form; both principles are named.

    Raises:
        StudioError: Something in it cannot be used; the message says what and why.
    """
    return _planned(studio, make_plan(studio, form.train), form)


def ask_conflict(studio: Studio, who: str, form: ConflictForm, key: str = "") -> Iterator[ConflictView]:
    """Yield the conflict again and again until it has replies or a problem. Close the iterator to stop; then nothing is kept.

    Args:
        studio: The open studio.
        who: Asks.
        form: About what; both principles are named.
        key: Of the request: the same key again is kept once.

    Raises:
        StudioError: The form cannot be used. Later troubles come as `problem`.
    """
    plan = plan_conflict(studio, form)
    view = yield from follow(studio, _request(plan), ConflictView(plan=plan), _found)
    if view.replies is None and view.problem is None:
        view = replace(view, problem="The model host ended without replies. Ask again in a moment.")
    if (replies := view.replies) is not None and view.problem is None:
        view = kept_as(view, lambda: keep_conflict(studio, who, plan, replies, key), "This is not kept, so a reload loses it:")
    yield replace(view, running=False, note="", share=None)


def _found(view: ConflictView, event: Event) -> ConflictView:
    return replace(view, replies=replies_from_data(view.plan.pair, event))


def _option(number: int, principle: Principle) -> PrincipleToSet:
    judged = principle.check is not None and principle.check.kept is None
    return PrincipleToSet(number=number, title=principle.title, priority=principle.priority, judged=judged)


def _named(form: ConflictForm, options: tuple[PrincipleToSet, ...]) -> ConflictForm:
    """The form with two principles: those that are named, else the first that can be judged."""
    offered = [option.number for option in sorted(options, key=lambda option: not option.judged)]
    first = form.first if form.first in offered else next(number for number in offered if number != form.second)
    second = form.second if form.second in offered else next(number for number in offered if number != first)
    return replace(form, first=first, second=second)


def _planned(studio: Studio, plan: Plan, form: ConflictForm) -> ConflictPlan:
    if form.first is None or form.second is None:
        raise ConfigError("Two principles are set against each other. Choose both.")
    pair = pair_of(plan.constitution, form.first, form.second)
    rule = f"between {FEWEST_QUERIES} and {MOST_QUERIES}"
    require_in_range(FEWEST_QUERIES <= form.queries <= MOST_QUERIES, "queries", form.queries, rule)
    with in_words(), studio.sessions.read() as session:
        known = queries_of(get_query_set(session, plan.form.query_set_id))
    queries = tuple(draw_queries(known, "held_out", form.queries, plan.config.seed))
    return ConflictPlan(plan=plan, first=form.first, second=form.second, most_queries=form.queries, pair=pair, queries=queries)


def _seconds(studio: Studio, planned: ConflictPlan, orders: int) -> float | None:
    """What was measured is the place where runs are done; only where that is this machine does it say anything of the model host."""
    hardware, shape = known_hardware(studio), planned.plan.model.shape
    if hardware is None or shape is None or not studio.launcher.local:
        return None
    return pair_s(planned.plan.config.sampling, shape, hardware, planned.pair, len(planned.queries) * orders)


def _command(planned: ConflictPlan) -> str:
    """The same from a terminal, quoted for a POSIX shell."""
    plan, usual = planned.plan, SamplingConfig()
    words = ["python", "-m", "app", "conflict", "--constitution", f"{file_stem(plan.constitution.name)}-v{plan.version_number}.yaml"]
    words += ["--queries", f"{file_stem(plan.query_set.name.rsplit('.', 1)[0])}.jsonl", "--first", str(planned.first), "--second", str(planned.second)]
    words += ["--model", plan.model.id, "--seed", str(plan.config.seed), "--limit", str(planned.most_queries)]
    sampling = plan.config.sampling
    if sampling.max_new_tokens != usual.max_new_tokens:
        words += ["--max-new-tokens", str(sampling.max_new_tokens)]
    if sampling.temperature != usual.temperature:
        words += ["--temperature", f"{sampling.temperature:g}"]
    return shlex.join(words)


def _request(planned: ConflictPlan) -> ConflictRequest:
    config = planned.plan.config
    return ConflictRequest(
        model=ModelChoice(id=planned.plan.model.id),  # in full precision, as the command asks it
        pair=to_data(planned.pair),
        queries=list(planned.queries),
        sampling={name: getattr(config.sampling, name) for name in ("max_new_tokens", "temperature", "top_p")},
        seed=config.seed,
    )
