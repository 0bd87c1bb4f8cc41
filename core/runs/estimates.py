"""How long a run will take and how much memory it needs, before anyone clicks. Imports no torch, so that the page can use it.

Plain counting of multiplications and bytes, scaled by what this machine was measured to do. The shares below were fitted to runs of
the default model on two CPU cores (AMD EPYC, bfloat16); elsewhere the estimate is an order of magnitude, and says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.constitution.contrasts import asked_stances, is_asked
from core.constitution.principles import NEUTRAL_SYSTEM, SIDES, Constitution
from core.constitution.scenario_queries import ScenarioQuery, draw_tested
from core.engine.batching import (
    AT_ONCE,
    CHECKED_QUERIES,
    PACKED_ROWS,
    PAIRS_SCORED,
    PROMPTS_SCORED,
    QUERIES_PER_BATCH,
    RESPONSES_SCORED,
    ROWS_BESIDE,
    SHOWN_QUERIES,
    kept_together,
)
from core.machine import FIT_SHARE, Hardware, ModelShape, activation_bytes, logit_bytes
from core.measure.values import AMONG
from core.methods.arms import Arm, needs_artifact
from core.methods.drop_reasons import READ_UNDER
from core.methods.recipes import recipe_of
from core.methods.settings import TrainConfig
from core.progress import measuring_phase, phase_of
from core.runs.iterations import as_probed
from core.runs.passes import REPLY_SHARE, TRAINED_GAIN, Passes
from core.runs.phases import measured_arms, run_phases
from core.runs.rounds import CLOSER, FIRST
from core.settings import SamplingConfig

CHARS_PER_TOKEN = 4.2  # English prose under the tokenizers of small chat models
TEMPLATE_TOKENS = 22  # the chat template's own, and the framing of principles
QUERY_TOKENS = 14
TEXT_TOKENS = 18  # one side of a principle alone
TRAIN_FORWARDS = 1.9  # a training step in units of a forward pass: forward, gradients of activations, gradients of the adapter
RECOMPUTED_FORWARDS = 1.0  # what computing the activations again adds
BASE_FORWARDS = 1.0  # what a pass of the base adds, where its scores are wanted
MEASURE_ALIGNED_FORWARDS = 1.6  # with the adapter, and without it for the KL, sharing the rest
ASKED_ALIGNED_FORWARDS = 2.3  # the same of several principles: with the adapter, and without it, and replies that are longer
IMPORT_S = 4.0  # torch and transformers
LAYOUT_S = 0.1  # laying out the prompts of an iteration, also where nothing is drawn
LOAD_BYTES_S = 400e6  # weights from disk into memory
CHOICE_COPIES = 2  # of the logits of candidates, which are scored without gradients
RUNTIME_BYTES = {"cpu": 900e6, "gpu": 900e6}  # torch, transformers and their buffers, without any model


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a run will take."""

    seconds: Mapping[str, float]  # one entry for each of `run_phases`, in their order
    memory_bytes: int  # peak, of the device that holds the model
    disk_bytes: int  # run folder: checkpoints, adapter, replies
    notes: tuple[str, ...]  # what the numbers leave out

    @property
    def total_s(self) -> float:
        """All phases together."""
        return sum(self.seconds.values())


def constitution_tokens(constitution: Constitution) -> int:
    """About how many tokens the longer side of a constitution has, with the system message."""
    sides = ([p.statement for p in constitution.principles], [p.antithesis for p in constitution.principles])
    chars = max(sum(len(text.strip()) + 4 for text in side) for side in sides) + len(NEUTRAL_SYSTEM)
    return round(chars / CHARS_PER_TOKEN)


def estimate(config: TrainConfig, shape: ModelShape, hardware: Hardware, constitution: Constitution, *, checked: bool = False) -> Estimate:
    """Time by phase and peak memory of a run on a machine; one that was `checked` already does not ask the base again."""
    config, machine = as_probed(config, constitution), Passes(shape, hardware, config.four_bit)
    prompt = constitution_tokens(constitution) + TEMPLATE_TOKENS + QUERY_TOKENS
    sides = len(asked_stances(len(constitution.principles)))
    recomputed = config.recipe.pieces is None and recomputes(config, machine, prompt, sides)
    k = len(constitution.principles)
    asked_first = 0 if checked else (FIRST if k == 1 else CLOSER).replies(CHECKED_QUERIES, k)  # of several principles one is hardly ever clear at once
    loading = shape.parameters * hardware.bytes_per_parameter / LOAD_BYTES_S
    seconds = {"preparing": IMPORT_S + loading + machine.sample_s(asked_first, prompt, config.sampling.max_new_tokens, beside=True)}
    for number in range(1, config.iterations + 1):
        chosen_on = min(config.recipe.validation, config.train_queries // 2)
        seconds[phase_of("sampling", number)] = _sampling_s(config, machine, prompt, number * config.train_queries - chosen_on)
        seconds[phase_of("training", number)] = _training_s(config, machine, prompt, number, recomputed)
    tested = draw_tested(constitution, config.seed)
    for arm in measured_arms(config):
        seconds[measuring_phase(arm.key)] = _measuring_s(arm, config, machine, prompt, sides) + _trying_s(arm, config, machine, prompt, tested)
    adapter = config.lora_rank * shape.lora_units
    kept = 4 if config.probe_every else 1  # adapters by themselves: the last one, and with probes the best ones on the way
    return Estimate(
        seconds={phase: seconds[phase] for phase in run_phases(config)},
        memory_bytes=round(_memory(config, machine, prompt, sides, recomputed)),
        disk_bytes=3 * adapter * 12 + kept * adapter * 4 + 20_000_000,  # a few checkpoints with two moments, adapters, replies
        notes=_notes(config, hardware, recomputed),
    )


def pair_s(sampling: SamplingConfig, shape: ModelShape, hardware: Hardware, pair: Constitution, replies: int) -> float:
    """Seconds of setting two principles against each other: so many replies of the base, from a model that is not loaded yet."""
    machine = Passes(shape, hardware, four_bit=False)
    prompt = constitution_tokens(pair) + TEMPLATE_TOKENS + QUERY_TOKENS
    loading = shape.parameters * hardware.bytes_per_parameter / LOAD_BYTES_S
    return IMPORT_S + loading + machine.sample_s(replies, prompt, sampling.max_new_tokens, steady=True)


def answered_s(config: TrainConfig, shape: ModelShape, hardware: Hardware, constitution: Constitution | None, texts: int) -> float:
    """Seconds of one reply of an arm to each held-out query, of reading which query it answers, and which of so many texts it may have been written under.

    Args:
        config: Of sampling, and how many queries there are.
        shape: Of the model, which is loaded already.
        hardware: What was measured of the machine.
        constitution: What stands in the prompt; None: nothing does.
        texts: Among which a reader from outside chooses, each alone in the prompt.
    """
    machine, queries = Passes(shape, hardware, config.four_bit), config.held_out_queries
    bare, reply = TEMPLATE_TOKENS + QUERY_TOKENS, REPLY_SHARE * config.sampling.max_new_tokens
    prompt = bare + (constitution_tokens(constitution) if constitution is not None else 0)
    passes, at_once = -(-texts // PROMPTS_SCORED), min(texts, PROMPTS_SCORED)
    read = passes * machine.forward_s(at_once * (bare + TEXT_TOKENS + reply), at_once * reply)
    return machine.sample_s(queries, prompt, config.sampling.max_new_tokens, steady=True) + _reading_s(queries, config, machine) + queries * read


def _sampling_s(config: TrainConfig, machine: Passes, prompt: int, queries: int) -> float:
    """The candidates of so many queries, and choosing among them where there are several."""
    n = config.recipe.per_query(config.n_constitutions).responses
    drawn = n * config.candidates * REPLY_SHARE * config.sampling.max_new_tokens  # tokens of one query's candidates
    chosen = machine.forward_s(n * (prompt + drawn), n * drawn) if config.candidates > 1 else 0.0
    read = n * config.candidates * _reading_s(queries, config, machine, READ_UNDER) if config.only_answers else 0.0
    whole, rest = divmod(queries, QUERIES_PER_BATCH)
    batch_s, rest_s = (machine.sample_s(some * n * config.candidates, prompt, config.sampling.max_new_tokens) for some in (QUERIES_PER_BATCH, rest))
    sampled = whole * batch_s + rest_s
    return LAYOUT_S + (machine.beside(sampled) if queries > QUERIES_PER_BATCH else sampled) + queries * chosen + read


def _training_s(config: TrainConfig, machine: Passes, prompt: int, number: int, recomputed: bool) -> float:
    """The steps of one iteration, with what is shown and probed meanwhile; or making something without a gradient."""
    if config.recipe.pieces is not None:
        return _making_s(config, machine, prompt, config.recipe.pieces)
    steps = config.steps_of(number) * _step_s(config, machine, prompt, recomputed)
    return steps + _showing_s(config, machine, prompt, number) + _probing_s(config, machine, prompt, number)


def _making_s(config: TrainConfig, machine: Passes, prompt: int, pieces: int) -> float:
    """Both replies to each query are read once; then each candidate replies to the validation queries, and the base reads that twice over."""
    reply, bare = REPLY_SHARE * config.sampling.max_new_tokens, TEMPLATE_TOKENS + QUERY_TOKENS
    chosen_on = min(config.recipe.validation, config.train_queries // 2)
    read = 2 * (config.train_queries - chosen_on) * machine.forward_s(bare + reply, 1)
    judged = chosen_on * machine.forward_s(len(SIDES) * (prompt + reply), len(SIDES) * reply) + _reading_s(chosen_on, config, machine)
    return read + (pieces - 1) * (machine.sample_s(chosen_on, bare, config.sampling.max_new_tokens) + judged)


def _step_s(config: TrainConfig, machine: Passes, prompt: int, recomputed: bool) -> float:
    """One optimiser step, as its recipe says what it reads."""
    each, reply = config.recipe.per_query(config.n_constitutions), REPLY_SHARE * config.sampling.max_new_tokens
    cost = config.recipe.step_cost(config.queries_per_step, config.distances)
    passes = cost.trained * (TRAIN_FORWARDS + RECOMPUTED_FORWARDS * recomputed) + cost.base * BASE_FORWARDS
    n, read = each.constitutions, each.responses * reply
    seconds, lanes = machine.forward_s(n * (prompt + read), n * read) * passes, _queries_beside(config, machine, recomputed)
    asked = config.distances if cost.base < config.queries_per_step else 0  # queries on the way of which the base is asked, which has to wear nothing
    alone = 1.0 if lanes == 1 else min(1.0, -(-asked // lanes) * lanes / config.queries_per_step)
    return alone * seconds + (1.0 - alone) * machine.beside(seconds, TRAINED_GAIN)


def _queries_beside(config: TrainConfig, machine: Passes, recomputed: bool) -> int:
    """Queries of a step that are worked on at the same time, if the memory allows it (core.methods.gradients)."""
    together = recipe_of(config.recipe).contrasts and config.recipe.per_query(config.n_constitutions).constitutions <= AT_ONCE
    return min(machine.lanes, config.queries_per_step) if together and not recomputed else 1


def showings(config: TrainConfig, number: int) -> int:
    """How often replies are shown in one iteration: before its first step, after every so many, and after the last."""
    return 1 + -(-config.steps_of(number) // config.sample_every)


def probings(config: TrainConfig, number: int) -> int:
    """How often one iteration is probed, and in the first the base."""
    return config.steps_of(number) // config.probe_every + (number == 1) if config.probe_every else 0


def _showing_s(config: TrainConfig, machine: Passes, prompt: int, number: int) -> float:
    """The replies shown in one iteration: before its first step, and after some."""
    return showings(config, number) * machine.sample_s(len(SIDES) * SHOWN_QUERIES, prompt, config.sampling.max_new_tokens)


def _probing_s(config: TrainConfig, machine: Passes, prompt: int, number: int) -> float:
    """The probes of one iteration, and in the first that of the base; each samples and scores replies to each query (core.runs.probes)."""
    reply, sides = REPLY_SHARE * config.sampling.max_new_tokens, 1 if config.step_by == "replies" else len(SIDES)
    scored = config.probe_queries * machine.forward_s(sides * (prompt + sides * reply), sides**2 * reply)
    sampled = machine.sample_s(sides * config.probe_queries, prompt, config.sampling.max_new_tokens)
    return probings(config, number) * (sampled + scored + _reading_s(config.probe_queries, config, machine))


def _reading_s(queries: int, config: TrainConfig, machine: Passes, among: int = AMONG) -> float:
    """Which query each reply answers (core.measure.relevance): a pass for each query, over the replies that are read under it."""
    replies = min(among, queries) * REPLY_SHARE * config.sampling.max_new_tokens
    return machine.beside(queries * machine.forward_s(TEMPLATE_TOKENS + QUERY_TOKENS + replies, replies))


def _measuring_s(arm: Arm, config: TrainConfig, machine: Passes, prompt: int, sides: int) -> float:
    """The held-out replies of an arm, with their scores where the constitution stands in the prompt."""
    queries, new = config.held_out_queries, config.sampling.max_new_tokens
    if not arm.in_prompt:  # answered once, and not scored
        return machine.sample_s(queries, TEMPLATE_TOKENS + QUERY_TOKENS, new, steady=True)
    flips, again = sides - len(SIDES), MEASURE_ALIGNED_FORWARDS if sides == len(SIDES) else ASKED_ALIGNED_FORWARDS
    written = machine.sample_s(len(SIDES) * queries, prompt, new, steady=True, beside=True) + machine.sample_s(flips * queries, prompt, new, beside=True)
    scored = _scored_s(config, machine, prompt, sides) * (again if needs_artifact(arm) else 1.0)
    return written + scored + _reading_s(queries, config, machine)


def _scored_s(config: TrainConfig, machine: Passes, prompt: int, sides: int) -> float:
    """The held-out replies of an arm under the prompts that they are asked under, by one network (core.measure.ask)."""
    queries, reply = config.held_out_queries, REPLY_SHARE * config.sampling.max_new_tokens
    if sides == len(SIDES):
        return queries * machine.forward_s(sides * (prompt + sides * reply), sides**2 * reply)
    pairs = sum(is_asked(c, r, config.trace) for c in range(sides) for r in range(sides))
    passes = -(-queries * pairs // PAIRS_SCORED)  # each reads the constitution once, and of each prompt what is its own
    read = prompt * passes / queries + sides * (TEMPLATE_TOKENS + QUERY_TOKENS)
    return machine.beside(queries * machine.forward_s(read + pairs * reply, pairs * reply))


def _trying_s(arm: Arm, config: TrainConfig, machine: Passes, prompt: int, tested: Sequence[ScenarioQuery]) -> float:
    """The replies of an arm to test scenarios, which are judged, and not scored: under the statements, of which the base reads which query they answer,
    and with each of their principles turned; or once.
    """
    replies = sum(1 + len(query.principles) for query in tested) if arm.in_prompt else len(tested)
    read = _reading_s(len(tested), config, machine) if arm.in_prompt and tested else 0.0
    length = prompt if arm.in_prompt else TEMPLATE_TOKENS + QUERY_TOKENS
    return read + machine.sample_s(replies, length, config.sampling.max_new_tokens, steady=True, beside=True)


def recomputes(config: TrainConfig, machine: Passes, prompt: int, sides: int) -> bool:
    """Whether activations will be computed again in the backward pass (`core.engine.activations` decides it on the real memory)."""
    if config.activation_checkpointing != "auto":
        return config.activation_checkpointing == "on"
    return _memory(config, machine, prompt, sides, recomputed=False) > FIT_SHARE * machine.hardware.usable_bytes


def _memory(config: TrainConfig, machine: Passes, prompt: int, sides: int, recomputed: bool) -> float:
    shape, new = machine.shape, config.sampling.max_new_tokens
    n = config.recipe.per_query(config.n_constitutions).responses
    rows = min(ROWS_BESIDE if machine.lanes > 1 else PACKED_ROWS, max(config.train_queries * n, sides * config.held_out_queries))
    cache = rows * (prompt + new) * shape.layers * 2 * shape.kv_width * machine.hardware.bytes_per_parameter
    adapter = config.lora_rank * shape.lora_units * 4 * 4  # float32: weights, gradients, two moments
    kept = kept_together(prompt, [new] * n)
    activations = activation_bytes(kept.tokens, shape.layers, shape.hidden, machine.hardware.bytes_per_parameter, recomputed=recomputed)
    # Replies that are measured or chosen among are scored without activations, with two copies of the logits; of many pairs those of one reply, beside
    # the logits of all as the network gives them.
    measured = sides**2 if sides == len(SIDES) else 1 + max(PAIRS_SCORED, sides) * machine.hardware.bytes_per_parameter / logit_bytes(1, 1)
    drawn = n * config.candidates if config.candidates > 1 else 0
    chosen = min(n, PROMPTS_SCORED) * min(drawn, RESPONSES_SCORED)
    logits = max(logit_bytes(max(kept.scored, measured * new), shape.vocabulary), logit_bytes(chosen * new, shape.vocabulary, copies=CHOICE_COPIES))
    held, beside = RUNTIME_BYTES[machine.hardware.kind] + machine.weights + adapter, _queries_beside(config, machine, recomputed)
    together, alone = (held + max(cache, queries * activations + logits) for queries in (beside, 1))
    return together if together <= FIT_SHARE * machine.hardware.usable_bytes else alone


def _notes(config: TrainConfig, hardware: Hardware, recomputed: bool) -> tuple[str, ...]:
    waiting = "Waiting for earlier runs and fetching a model for the first time come on top."
    distance = f"is {config.max_kl_nats:g} nats a token away from its base" if config.max_kl_nats else ""
    probed = "no longer improves on the probe queries" if config.probe_every and (config.patience or config.max_repetition_rise) else ""
    early = f"Training may end sooner, once the model {' or '.join(filter(None, (distance, probed)))}." if distance or probed else ""
    rough = "The formulas were fitted on a CPU; on a GPU take the time as an order of magnitude." if hardware.kind == "gpu" else ""
    again = "Activations will be computed again in the backward pass, which takes less memory and longer." if recomputed else ""
    unpacked = "Weights in 4 bits are unpacked at every use, which the time leaves out; on a CPU that is most of it." if config.four_bit else ""
    return tuple(note for note in (waiting, early, rough, again, unpacked) if note)
