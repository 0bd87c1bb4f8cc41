"""Whether training can work, asked of the base before it begins.

Training turns up what a model already does now and then: "there must be at least a weak initial connection between the principles and
appropriate behavior" (arXiv 2404.14313, section 5). Attribution alone cannot show that link: a model may tell statement and antithesis
apart by the length of its replies and then be trained into a private code. So the rule looks first for replies that follow the
statement, more often than under the antithesis, among enough samples to find a behaviour that is rare; evidence.py has it, docs/decisions.md
its errors, hits and misses. Weak claims no link: none was shown, and none ruled out. A principle without a check cannot be judged yet:
nobody can tell following from doing the opposite. Replies that cannot be judged are left out and counted, never misses.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core.constitution.contrasts import flip_side
from core.constitution.meant import tells_nothing
from core.constitution.principles import Constitution, Principle
from core.constitution.queries import Query
from core.constitution.text import words
from core.engine.models import LoadedModel
from core.engine.policies import Group, base_of, draw_groups
from core.engine.sampling import OnWritten, Response, told
from core.errors import LinkError
from core.measure.ask import side_prompt
from core.measure.judges import judge_of
from core.methods.recipes import recipe_of
from core.methods.settings import TrainConfig
from core.runs.checked import Checked, CheckedReplies
from core.runs.evidence import overall
from core.runs.iterations import iteration_config
from core.runs.judged_links import Judging, judged_link, unjudged_link
from core.runs.links import PrincipleLink, Trainability
from core.runs.rounds import CLOSER, FIRST, Round
from core.runs.run_queries import checked_queries, run_queries
from core.seeds import seed_for
from core.settings import SamplingConfig

LENGTH_TELLS = 0.9  # how often length alone may tell the side before the author is warned
CUT_SHARE = 0.5  # of replies cut at the token limit, from which on the author is warned
TOLD_EACH = 8  # replies between two words about the progress
SAME_SHARE = 0.25  # of pairs of one text on both sides, from which on the author is warned


@dataclass(frozen=True, kw_only=True)
class BaseReplies:
    """Replies of the base to some queries: under all statements, and with one principle alone as its antithesis."""

    queries: tuple[str, ...]
    statement: tuple[tuple[Response, ...], ...]  # by query
    flipped: tuple[tuple[tuple[Response, ...], ...], ...]  # by principle, by query

    @property
    def sides(self) -> tuple[tuple[tuple[Response, ...], ...], ...]:
        """Those of all statements, then of each principle, by query."""
        return (self.statement, *self.flipped)

    @property
    def texts(self) -> CheckedReplies:
        """What they say."""
        each = ((at, q, i, reply) for at, side in enumerate(self.sides) for q, replies in enumerate(side) for i, reply in enumerate(replies))
        cut = frozenset((at, q, i) for at, q, i, reply in each if not reply.ended)
        return CheckedReplies(queries=self.queries, statement=_texts(self.statement), flipped=tuple(map(_texts, self.flipped)), cut=cut)


def _texts(side: Sequence[Sequence[Response]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(reply.text for reply in replies) for replies in side)


@dataclass(frozen=True, kw_only=True)
class Asking:
    """How far the check is."""

    finished: int  # replies of this round
    replies: int  # that this round asks for
    closer: bool  # the second round: the first was not enough for a go
    share: float  # of all replies that both rounds may ask for

    @property
    def words(self) -> str:
        """What is happening."""
        what = "asking the base more often" if self.closer else "asking the base what it already does"
        return f"{what}: {self.finished} of {self.replies} replies"


OnAsking = Callable[[Asking], None]


def ignore_asking(_: Asking) -> None:
    """The default `on_asking`."""


def now_and_then(tell: Callable[[str], None]) -> OnAsking:
    """Say it in words at most every `TOLD_EACH` replies, for listeners that keep what they are told."""
    told: tuple[bool, int] | None = None

    def on_asking(asking: Asking) -> None:
        nonlocal told
        if (asking.closer, asking.finished // TOLD_EACH) != told:
            told = (asking.closer, asking.finished // TOLD_EACH)
            tell(asking.words)

    return on_asking


def check_run(model: LoadedModel, constitution: Constitution, queries: Sequence[Query], config: TrainConfig, *, on_asking: OnAsking = ignore_asking) -> Checked:
    """The check that a run begins with, wherever it is asked for: ask the base, first a little, then more where that is not enough for a go.

    Args:
        model: Its base is asked, whatever adapters it wears.
        constitution: What would be trained.
        queries: The run's query set; some of those that the first iteration trains on are asked, train scenarios among them.
        config: The run's settings; sampling and seed are those of the first iteration.
        on_asking: Told after every token; what it raises ends the check.
    """
    asked_queries = checked_queries(run_queries(constitution, queries, config.seed), config)
    config = iteration_config(config, 1)
    k, n = len(constitution.principles), len(asked_queries)
    rounds = (FIRST.replies(n, k), CLOSER.replies(n, k) - FIRST.replies(n, k))  # the second counts those of the first

    def tell(closer: bool) -> OnWritten:
        before = rounds[0] if closer else 0
        asked = rounds[closer]
        return lambda written: on_asking(Asking(finished=written.finished, replies=asked, closer=closer, share=(before + asked * written.share) / sum(rounds)))

    def look(asked: Round, before: BaseReplies | None = None) -> tuple[Checked, BaseReplies]:
        replies = ask_base(model, constitution, asked_queries, config, ToldRound(asked, tell(asked is CLOSER), before))
        return Checked(found=trainability_of(constitution, replies, config, asked.error), replies=replies.texts), replies

    first, replies = look(FIRST)
    return look(CLOSER, replies)[0] if any(link.verdict in ("weak", "no-go") for link in first.found.principles) else first


@dataclass(frozen=True)
class ToldRound:
    """A round, and who follows it."""

    round: Round
    on_written: OnWritten  # told after every token
    before: BaseReplies | None = None  # of an earlier round, to the same queries: its replies are the first of this one's, and not drawn again


def ask_base(model: LoadedModel, constitution: Constitution, queries: Sequence[str], config: TrainConfig, asking: ToldRound) -> BaseReplies:
    """Sample so many replies of the base to each query, under all statements and with each principle flipped alone."""
    k, sides = len(constitution.principles), asking.before.sides if asking.before is not None else ()
    counts = {"statement": asking.round.each, **{flip_side(i, k): asking.round.flipped_each for i in range(k)}}
    replies: dict[str, dict[str, list[Response]]] = {side: {} for side in counts}
    for side, of_side in zip(counts, sides, strict=False):
        replies[side] = {query: list(of_query) for query, of_query in zip(queries, of_side, strict=True)}
    asked = [(side, query, i) for side, count in counts.items() for query in queries for i in range(len(replies[side].get(query, ())), count)]
    prompts = [side_prompt(model, constitution, side, query) for side, query, _ in asked]
    seeds = [seed_for(config.seed, "probe", side, query, i) for side, query, i in asked]
    (drawn,) = told(draw_groups(base_of(model), [Group(prompts, seeds)], config.sampling), asking.on_written)
    for (side, query, _), response in zip(asked, drawn, strict=True):
        replies[side].setdefault(query, []).append(response)
    statement, *flipped = (tuple(tuple(of_query) for of_query in of_side.values()) for of_side in replies.values())
    return BaseReplies(queries=tuple(replies["statement"]), statement=statement, flipped=tuple(flipped))


def require_link(trainability: Trainability, config: TrainConfig) -> None:
    """Raise LinkError on a no-go, unless training was asked for all the same."""
    if trainability.verdict == "no-go" and not config.train_anyway:
        reasons = " ".join(link.reason for link in trainability.principles)
        raise LinkError(
            f"The base shows no link to what of this constitution can be judged, so training was not begun. {reasons} "
            "To train all the same, and see what it learns instead, set train_anyway to true (under Advanced on the Train page)."
        )


def trainability_of(constitution: Constitution, base_replies: BaseReplies, config: TrainConfig, error: float = CLOSER.error) -> Trainability:
    """Go, weak, no-go or unjudged, with the reason for each principle; `error` is that of the round in which the replies were sampled."""
    links = tuple(_link_of(p, base_replies.texts, i, error, config.sampling) for i, p in enumerate(constitution.principles))
    lengths = [[len(words(reply.text)) for replies in side for reply in replies] for side in (base_replies.statement, base_replies.flipped[0])]
    sampled = [reply for replies in base_replies.statement for reply in replies]
    cut = sum(not reply.ended for reply in sampled) / len(sampled)
    pairs = [(a.text, b.text) for ours, theirs in zip(base_replies.statement, base_replies.flipped[0], strict=True) for a in ours for b in theirs]
    tells, same = _length_tells(pairs), sum(a == b for a, b in pairs) / len(pairs)
    return Trainability(
        verdict=overall([link.verdict for link in links]),
        principles=links,
        words=(_mean(lengths[0]), _mean(lengths[1])),
        length_tells=tells,
        cut=cut,
        same=same,
        replies=len(sampled) + sum(len(replies) for flipped in base_replies.flipped for replies in flipped),
        notes=tuple(_notes(tells, lengths, cut, same, config)),
    )


def _link_of(principle: Principle, replies: CheckedReplies, position: int, error: float, sampling: SamplingConfig) -> PrincipleLink:
    judge = judge_of(principle)
    if judge is None:
        return unjudged_link(principle)
    link = judged_link(principle, replies, position, Judging(judge=judge, error=error, greedy=sampling.temperature == 0))
    return replace(link, reason=" ".join(filter(None, (link.reason, tells_nothing(principle.title, principle.check, sampling.max_new_tokens)))))


def _length_tells(pairs: Sequence[tuple[str, str]]) -> float:
    """Of all pairs of replies to one query, one from each side: how often the longer one is on the side where it usually is."""
    lengths = [(len(words(a)), len(words(b))) for a, b in pairs]
    longer = sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in lengths) / len(lengths)
    return max(longer, 1 - longer)


def _notes(tells: float, lengths: Sequence[Sequence[int]], cut: float, same: float, config: TrainConfig) -> list[str]:
    notes, contrasts = [], recipe_of(config.recipe).contrasts
    if contrasts and tells >= LENGTH_TELLS:
        means = " and ".join(f"{_mean(side):.0f}" for side in lengths)
        notes.append(
            f"Length alone tells statement from antithesis in {tells:.0%} of pairs (means of {means} words), so training may learn length only. "
            "If length is not what you mean, ask both sides for the same length."
        )
    if cut >= CUT_SHARE:
        notes.append(
            f"{cut:.0%} of replies are cut at {config.sampling.max_new_tokens} tokens, so nothing can be learned about how a reply ends. "
            "Raise sampling.max_new_tokens, or ask for something shorter."
        )
    if contrasts and same >= SAME_SHARE:
        notes.append(
            f"{same:.0%} of pairs are the same text under statement and antithesis. Training leaves such queries out, so little may be left to learn from. "
            "Make the two sides differ more, or raise the sampling temperature."
        )
    return notes


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values)
