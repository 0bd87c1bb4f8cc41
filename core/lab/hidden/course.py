"""All students of the matrix: who teaches them, what they are tuned on, and their margins. What is done is committed, student by student."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from core.constitution.principles import Constitution, Principle
from core.engine.adapters import attach_adapter
from core.engine.checkpoints import remember
from core.engine.models import LoadedModel
from core.engine.policies import as_it_is, base_of, open_policy
from core.engine.policy import Prompt, prompt_of
from core.lab.bench import Bench
from core.lab.hidden.margins import Pair, margins, stored_pairs
from core.lab.hidden.matrix import Condition, Kind
from core.lab.hidden.rows import Row, Teacher, Written, digest, mixed, taught, write_numbers, write_replies
from core.lab.hidden.settings import HiddenSettings
from core.lab.hidden.students import left_nats, tune
from core.lab.reading import MOST_OWN, alone, decoys
from core.lab.rows import Replies
from core.lab.variants import own_base
from core.methods.arms import BASE, Arm, inner_title, make_arm
from core.methods.settings import TrainConfig, preset
from core.seeds import seed_for


@dataclass(frozen=True)
class Student:
    """What became of one."""

    margins: list[list[float | None]]  # by principle and query, in nats a token
    before_nats: float  # what replies of its teacher that it was not tuned on cost the base a token
    after_nats: float  # and cost it


@dataclass(frozen=True, kw_only=True)
class Course:
    """What all students have in common."""

    bench: Bench
    settings: HiddenSettings
    base: LoadedModel  # with the adapter that students wear in turn; nothing else is on it
    principles: tuple[Principle, ...]  # the constitution's first ones, then those of others
    prompts: tuple[Prompt, ...]  # the held-out queries without a text
    pairs_PQ: tuple[tuple[Pair, ...], ...]  # the base's replies under each principle alone and under its antithesis

    @property
    def seeds(self) -> list[int]:
        """Of the students of a row."""
        return [seed_for(self.bench.plan.config.seed, "student", number) for number in range(self.settings.seeds)]

    @property
    def n_own(self) -> int:
        """How many of the principles are the constitution's."""
        return min(len(self.bench.plan.constitution.principles), MOST_OWN)

    def text(self, place: int) -> Constitution:
        """A principle as a constitution by itself."""
        return alone(self.bench.plan.constitution, self.principles[place])

    def config(self, seed: int) -> TrainConfig:
        """How a student is tuned."""
        given = asdict(self.bench.plan.config)
        same = {name: given[name] for name in ("queries_per_step", "lora_rank", "lora_alpha", "learning_rate", "warmup_steps", "max_grad_norm")}
        return preset("quick", method="bct", seed=seed, train_queries=self.settings.rows, passes=self.settings.passes, **same)


def open_course(bench: Bench, settings: HiddenSettings) -> Course:
    """Draw what margins are read on, and lay a base beside the bench's model that students can wear adapters on."""
    principles, held_out = tuple(decoys(bench.plan.constitution, bench.plan.others)), bench.plan.held_out
    texts = [alone(bench.plan.constitution, principle) for principle in principles]
    pairs = [tuple(stored_pairs(bench.model, Replies(text, True, bench.answers(bench.control, text)).asked)) for text in texts]
    base = attach_adapter(own_base(bench), rank=bench.plan.config.lora_rank, alpha=bench.plan.config.lora_alpha, seed=bench.plan.config.seed)
    prompts = tuple(prompt_of(base, None, (), query) for query in held_out)
    return Course(bench=bench, settings=settings, base=base, principles=principles, prompts=prompts, pairs_PQ=tuple(pairs))


def teachers(course: Course) -> dict[Condition, Teacher]:
    """Who teaches the students of each row. The controls are those of what is examined: the adapter, where there is one."""
    bench, found = course.bench, dict[Condition, Teacher]()
    arms = [bench.control, *([bench.trained[0]] if bench.trained is not None else [])]
    for place in range(len(course.principles)):
        found |= _row(course, Kind.NUMBERS, place, bench.control)
    for arm in arms[1:]:
        for place in range(course.n_own):
            found |= _row(course, Kind.NUMBERS, place, arm)
    neutral = Condition(Kind.NEUTRAL, None, "no text")
    found[neutral] = Teacher(make_arm(BASE), None, neutral.title)
    for kind in (Kind.SHUFFLED, Kind.SGD, Kind.REPLIES):
        for place in range(course.n_own):
            found |= _row(course, kind, place, arms[-1])
    return found


def _row(course: Course, kind: Kind, place: int, arm: Arm) -> dict[Condition, Teacher]:
    title = f"“{course.principles[place].title}”{f', {inner_title(arm)}' if arm.artifact is not None else ''}"
    named = title if kind is Kind.NUMBERS else f"{title}: {kind.value}"
    return {Condition(kind, place, named): Teacher(arm, course.text(place), title)}


def lesson(course: Course, condition: Condition, teacher: Teacher, seed: int) -> Written:
    """What a student is tuned on, and after that what is kept back."""
    if condition.kind is Kind.REPLIES:
        rows = write_replies(course.bench, teacher, course.settings, seed)
        return Written(rows=rows, kept=len(rows), asked=course.settings.wanted if rows else 0, refused={})
    written = write_numbers(course.bench, teacher, course.settings, seed)
    return replace(written, rows=mixed(written.rows, seed)) if condition.kind is Kind.SHUFFLED else written


def student(course: Course, condition: Condition, rows: Sequence[Row], seed: int) -> Student:
    """Tune one and read its margins, or find what was read before."""
    known = [condition.kind is Kind.SGD, [asdict(row) for row in rows], asdict(course.settings), asdict(course.config(seed)), course.pairs_PQ]
    return Student(**remember(course.bench.own / f"student-{digest(known)}.json", partial(_learn, course, condition, rows, seed)))


def _learn(course: Course, condition: Condition, rows: Sequence[Row], seed: int) -> dict[str, Any]:
    replies, config = [taught(course.base, row) for row in rows], course.config(seed)
    learnt, kept_back = replies[: course.settings.rows], replies[course.settings.rows :]
    before = left_nats(course.base, kept_back, of_base=True)
    tune(course.base, learnt, config, adaptive=condition.kind is not Kind.SGD, should_stop=course.bench.should_stop)
    found = margins(as_it_is(course.base, config.method), course.prompts, course.pairs_PQ)
    return asdict(Student(found, before, left_nats(course.base, kept_back, of_base=False)))


def base_margins(course: Course) -> list[list[float | None]]:
    """Of the base without a text."""
    found: list[list[float | None]] = remember(
        course.bench.own / f"base-{digest(course.pairs_PQ)}.json", lambda: margins(base_of(course.base), course.prompts, course.pairs_PQ)
    )
    return found


def teacher_margins(course: Course, teacher: Teacher, place: int) -> list[float | None]:
    """Of a teacher with its text in the prompt, for its own principle: how far a text goes that is read."""
    model, text = course.bench.model, course.text(place)
    prompts = [prompt_of(model, text, text.stance(True), query) for query in course.bench.plan.held_out]
    path = course.bench.own / f"teacher-{digest(teacher.known, course.pairs_PQ[place])}.json"
    found: list[float | None] = remember(path, lambda: margins(open_policy(model, teacher.arm), prompts, [course.pairs_PQ[place]])[0])
    return found
