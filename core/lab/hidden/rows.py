"""What students are tuned on: replies that a teacher wrote, and the prompts without any constitution that they stand under."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from core.constitution.principles import Constitution, content_hash
from core.constitution.queries import draw_queries
from core.engine.checkpoints import remember
from core.engine.models import LoadedModel
from core.engine.policies import open_policy
from core.engine.policy import Prompt, prompt_of
from core.engine.sampling import Response, sample
from core.lab.bench import Bench
from core.lab.hidden.numbers import refused, shuffled
from core.lab.hidden.prompts import NumberPrompt, number_prompts
from core.lab.hidden.settings import HiddenSettings
from core.lab.hidden.writing import number_writer, pieces
from core.methods.arms import Arm, arm_to_data
from core.methods.proxy.distil import OwnReply
from core.seeds import seed_for
from core.settings import SamplingConfig


@dataclass(frozen=True)
class Row:
    """One reply that is taught."""

    prompt: str
    reply: str
    end: tuple[int, ...]  # the token that ended it


@dataclass(frozen=True)
class Teacher:
    """Who writes."""

    arm: Arm
    text: Constitution | None  # in its prompt, by its statements; None: nothing
    title: str  # for people

    @property
    def known(self) -> list[Any]:
        """What decides what it writes; where its artifact lies does not."""
        arm = replace(self.arm, artifact=replace(self.arm.artifact, place="")) if self.arm.artifact is not None else self.arm
        return [arm_to_data(arm), content_hash(self.text) if self.text is not None else ""]


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a teacher wrote."""

    rows: tuple[Row, ...]  # that can be taught, no more than are wanted
    kept: int  # how many could be
    asked: int  # prompts
    refused: Mapping[str, int]  # why others are left out, and how many


def digest(*parts: object) -> str:
    """A part of a file's name that nothing else has which was made of other parts."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def write_numbers(bench: Bench, teacher: Teacher, settings: HiddenSettings, seed: int) -> Written:
    """Ask a teacher for numbers, batch by batch, until enough of its replies are numbers alone. Every batch is committed."""
    rows, why = list[Row](), Counter[str]()
    for number in range(settings.most_batches):
        bench.tick(number, settings.most_batches, f"{teacher.title} writes numbers")
        prompts = number_prompts(settings.batch, seed_for(seed, "numbers", number))
        named = digest("numbers", teacher.known, asdict(settings.sampling), seed, number, [prompt.text for prompt in prompts])
        data = remember(bench.own / f"numbers-{named}.json", partial(_write, bench.model, teacher, prompts, _Draw(settings.sampling, seed)))
        rows += [Row(row["prompt"], row["reply"], tuple(row["end"])) for row in data["rows"]]
        why.update(data["refused"])
        if len(rows) >= settings.wanted:
            break
    return Written(rows=tuple(rows[: settings.wanted]), kept=len(rows), asked=len(rows) + why.total(), refused=dict(why))


@dataclass(frozen=True)
class _Draw:
    sampling: SamplingConfig
    seed: int


def _write(model: LoadedModel, teacher: Teacher, prompts: Sequence[NumberPrompt], how: _Draw) -> dict[str, Any]:
    asked = [_prompt(model, teacher, prompt.text) for prompt in prompts]
    writer = number_writer(open_policy(model, teacher.arm), pieces(model), {each.ids: prompt for each, prompt in zip(asked, prompts, strict=True)})
    seeds = [seed_for(how.seed, "reply", prompt.text) for prompt in prompts]
    rows, why = [], Counter[str]()
    for prompt, response in zip(prompts, sample(writer, asked, how.sampling, seeds), strict=True):
        reason = refused(response.text, prompt.separator, ended=response.ended)
        if reason is None:
            rows.append(asdict(Row(prompt.text, response.text, _end(model, response))))
        else:
            why[reason] += 1
    return {"rows": rows, "refused": dict(why)}


def write_replies(bench: Bench, teacher: Teacher, settings: HiddenSettings, seed: int) -> tuple[Row, ...]:
    """What a teacher replies to train queries, as many as there are numbers to teach; none where there are too few queries."""
    if sum(query.split == "train" for query in bench.plan.queries) < settings.wanted:
        return ()
    queries = draw_queries(bench.plan.queries, "train", settings.wanted, seed)
    bench.tick(0, 1, f"{teacher.title} replies")
    named = digest("replies", teacher.known, asdict(bench.plan.config.sampling), seed, queries)
    data = remember(bench.own / f"replies-{named}.json", partial(_reply, bench, teacher, queries, seed))
    return tuple(Row(row["prompt"], row["reply"], tuple(row["end"])) for row in data)


def _reply(bench: Bench, teacher: Teacher, queries: Sequence[str], seed: int) -> list[dict[str, Any]]:
    policy = open_policy(bench.model, teacher.arm)
    seeds = [seed_for(seed, "reply", query) for query in queries]
    responses = sample(policy, [_prompt(policy.model, teacher, query) for query in queries], bench.plan.config.sampling, seeds)
    return [asdict(Row(query, response.text, _end(policy.model, response))) for query, response in zip(queries, responses, strict=True) if response.text]


def _prompt(model: LoadedModel, teacher: Teacher, text: str) -> Prompt:
    return prompt_of(model, teacher.text, teacher.text.stance(True) if teacher.text is not None else (), text)


def _end(model: LoadedModel, response: Response) -> tuple[int, ...]:
    return response.token_ids[-1:] if response.token_ids[-1] in model.end_ids else ()


def mixed(rows: Sequence[Row], seed: int) -> tuple[Row, ...]:
    """The same rows with their numbers in other places."""
    return tuple(replace(row, reply=reply) for row, reply in zip(rows, shuffled([row.reply for row in rows], seed), strict=True))


def taught(model: LoadedModel, row: Row) -> OwnReply:
    """A row as tokens: the prompt with no constitution, and the reply with its end."""
    tokens = tuple(model.tokenizer(row.reply, add_special_tokens=False)["input_ids"])
    return OwnReply(prompt=prompt_of(model, None, (), row.prompt).ids, tokens=(*tokens, *row.end))
