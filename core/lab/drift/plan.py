"""What a drift matrix is made of: constitutions, what was trained on them, and its rows and columns. Imports no torch."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from core.constitution.principles import Constitution, Principle, content_hash, squash
from core.errors import ConfigError
from core.methods.arms import BASE, CONTROL, Arm, Artifact, arms_for, make_arm
from core.methods.settings import TrainConfig, config_to_data
from core.methods.variants import REAL, VARIANTS
from core.settings import ModelReference

LEAST = 2  # constitutions: with one there is nothing beside what was trained
RULES, RULES_ALONE = "rules", "rules-alone"  # the null model that needs no training, with the text in its prompt and without
NOTHING = "nothing"  # in the place of a name: nothing was trained, no text stands in the prompt


class Group(StrEnum):
    """What kind of row one is, in the order in which rows are shown."""

    TRAINED = "trained on the text"
    CONTROL = "trained on a control of the text"
    PROMPT = "the text in the prompt, nothing trained"
    RULES = "decoding rules, nothing trained"
    BASE = "the base alone"


@dataclass(frozen=True, kw_only=True)
class Trained:
    """One artifact, with the constitution that it was trained on."""

    of: int  # the place of that constitution
    artifact: Artifact
    recipe: str  # which method made it, as far as that is known
    variant: str = REAL  # a key of VARIANTS: another one than the text itself makes it a control


@dataclass(frozen=True, kw_only=True)
class DriftPlan:
    """Everything that decides what is found."""

    constitutions: tuple[Constitution, ...]
    trained: tuple[Trained, ...]
    held_out: tuple[str, ...]  # what every row answers; nothing was trained on them
    model: ModelReference
    config: TrainConfig  # sampling and seed of the replies

    def __post_init__(self) -> None:
        if len(self.constitutions) < LEAST:
            raise ConfigError(
                f"A drift matrix needs at least {LEAST} constitutions, what was trained on and another that may have changed with it; got "
                f"{len(self.constitutions)}. Add --constitution FILE: app/starters has five."
            )


@dataclass(frozen=True, kw_only=True)
class Column:
    """One principle of one constitution."""

    key: str
    label: str  # its title; with its constitution's name where another principle has the same
    of: int  # the place of its constitution
    principle: Principle


@dataclass(frozen=True, kw_only=True)
class Row:
    """An arm with the text that stands in its prompt."""

    key: str
    group: Group
    trained_on: str  # for people
    in_prompt: str  # for people
    arm: Arm
    text: Constitution | None  # what stands in the prompt
    own: int | None = None  # the place of the constitution that it is about; None: it is about none
    against: str = ""  # key of the row that its changes are taken from: the base under the same prompt. Empty: it is the base alone

    @property
    def label(self) -> str:
        """For sentences."""
        done = "the base" if self.trained_on == NOTHING else self.trained_on if self.group is Group.RULES else f"trained on {self.trained_on}"
        return f"{done}, with {self.in_prompt} in the prompt" if self.text is not None else f"{done}, with no text in the prompt"


def fingerprint(plan: DriftPlan) -> dict[str, Any]:
    """What a folder of results belongs to: it is gone on with where all of it is the same."""
    return {
        "constitutions": [content_hash(each) for each in plan.constitutions],
        "adapters": [[each.of, each.variant, each.recipe, each.artifact.sha256] for each in plan.trained],
        "held_out": hashlib.sha256(json.dumps(plan.held_out).encode()).hexdigest(),
        "model": asdict(plan.model),
        "config": config_to_data(plan.config),
    }


def columns_of(constitutions: Sequence[Constitution]) -> tuple[Column, ...]:
    """All principles, in their order."""
    named = names_of(constitutions)
    titles = [principle.title for constitution in constitutions for principle in constitution.principles]
    return tuple(
        Column(
            key=f"{i + 1}.{k + 1}",
            label=principle.title if titles.count(principle.title) == 1 else f"{principle.title} ({named[i]}, {k + 1})",
            of=i,
            principle=principle,
        )
        for i, constitution in enumerate(constitutions)
        for k, principle in enumerate(constitution.principles)
    )


def names_of(constitutions: Sequence[Constitution]) -> list[str]:
    """By which each is told from the others."""
    names = [constitution.name for constitution in constitutions]
    return [name if names.count(name) == 1 else f"{name} ({i + 1})" for i, name in enumerate(names)]


def is_own(row: Row, column: Column, constitutions: Sequence[Constitution]) -> bool:
    """Whether a row is about a principle: it, or one of the same two texts, stands in the row's constitution."""
    return row.own is not None and any(_texts(principle) == _texts(column.principle) for principle in constitutions[row.own].principles)


def _texts(principle: Principle) -> tuple[str, str]:
    return squash(principle.statement), squash(principle.antithesis)


def rows_of(plan: DriftPlan) -> tuple[Row, ...]:
    """All rows, in the order in which they are asked: what others are held against comes first."""
    base = Row(key="base", group=Group.BASE, trained_on=NOTHING, in_prompt=NOTHING, arm=make_arm(BASE), text=None)
    prompts = {row.key: row for row in _prompts(plan)}
    return (base, *prompts.values(), *_trained(plan), *_rules(plan))


def prompt_key(of: int, variant: str = REAL) -> str:
    """The key of the row of the base under the text that a variant of a constitution trains on."""
    return f"prompt {of + 1}" if VARIANTS[variant].text is VARIANTS[REAL].text else f"prompt {of + 1}, {variant}"


def _prompts(plan: DriftPlan) -> Iterator[Row]:
    """The base with each text in its prompt, and with those that controls were trained on."""
    asked = [*((i, REAL) for i in range(len(plan.constitutions))), *((each.of, each.variant) for each in plan.trained)]
    for of, variant in asked:
        yield Row(
            key=prompt_key(of, variant),
            group=Group.PROMPT,
            trained_on=NOTHING,
            in_prompt=_text_name(plan, of, variant),
            arm=make_arm(CONTROL),
            text=VARIANTS[variant].text(plan.constitutions[of]),
            own=of,
            against="base",
        )


def _trained(plan: DriftPlan) -> Iterator[Row]:
    """What was trained, with its own text in the prompt and with none: the texts themselves first."""
    for number, each in sorted(enumerate(plan.trained), key=lambda placed: placed[1].variant != REAL):
        group, name = Group.TRAINED if each.variant == REAL else Group.CONTROL, _trained_name(plan, number)
        for arm in sorted(arms_for(each.recipe, each.artifact)[len((BASE, CONTROL)) :], key=lambda arm: not arm.in_prompt):
            yield Row(
                key=f"trained {number + 1}" if arm.in_prompt else f"trained {number + 1}, alone",
                group=group,
                trained_on=name,
                in_prompt=_text_name(plan, each.of, each.variant) if arm.in_prompt else NOTHING,
                arm=arm,
                text=VARIANTS[each.variant].text(plan.constitutions[each.of]) if arm.in_prompt else None,
                own=each.of,
                against=prompt_key(each.of, each.variant) if arm.in_prompt else "base",
            )


def _rules(plan: DriftPlan) -> Iterator[Row]:
    """Three decoding rules that know no principle, under each text and under none."""
    for of in range(len(plan.constitutions)):
        yield Row(
            key=f"rules {of + 1}",
            group=Group.RULES,
            trained_on="decoding rules",
            in_prompt=_text_name(plan, of, REAL),
            arm=make_arm(RULES),
            text=plan.constitutions[of],
            own=of,
            against=prompt_key(of),
        )
    yield Row(key=RULES, group=Group.RULES, trained_on="decoding rules", in_prompt=NOTHING, arm=make_arm(RULES_ALONE), text=None, against="base")


def _text_name(plan: DriftPlan, of: int, variant: str) -> str:
    """“Brevity”, or what stands in its place where that is another text."""
    name = f"“{names_of(plan.constitutions)[of]}”"
    return name if VARIANTS[variant].text is VARIANTS[REAL].text else f"{name} ({_inner(variant)})"


def _trained_name(plan: DriftPlan, number: int) -> str:
    """What it was trained on; with the beginning of its hash where something else was trained on the same."""
    each = plan.trained[number]
    told = [f"“{names_of(plan.constitutions)[each.of]}”"]
    inside = [_inner(each.variant)] if each.variant != REAL else []
    if sum((other.of, other.variant) == (each.of, each.variant) for other in plan.trained) > 1:
        inside.append(each.artifact.sha256[:8])
    return " ".join([*told, *([f"({', '.join(inside)})"] if inside else [])])


def _inner(variant: str) -> str:
    title = VARIANTS[variant].title
    return f"{title[:1].lower()}{title[1:]}"
