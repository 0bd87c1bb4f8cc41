"""What a choice would mean, before anyone clicks Train: time, memory, command line, warnings and notes."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.processes.made_checks import Wanted, made_check
from app.services.plans import Plan, TrainForm, changes_of, known_hardware, make_plan
from app.services.stored import queries_of
from app.services.studio import Studio, in_words
from app.services.text_files import file_stem
from app.services.topics import topic_note
from core.constitution.meant import tells_nothing
from core.constitution.principles import Constitution
from core.engine.default_model import DEFAULT_MODEL
from core.engine.quantisation import REMEDY
from core.machine import FIT_SHARE, Hardware, ModelShape
from core.methods.settings import TrainConfig, presets_of
from core.runs.estimates import Estimate, constitution_tokens, estimate
from core.runs.iterations import FEWEST_PROBE_QUERIES, as_probed, left_to_probe, part_of, probe_note
from core.runs.run_queries import scenario_notes
from db.query_sets import get_query_set
from db.session import clock

CHECKED = "The check that was just made is used, so this run does not ask the base again."
DISK_FACTOR = 3  # weights as fetched, as kept in the cache, and as converted


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a run would be, shown before it is asked for."""

    plan: Plan
    hardware: Hardware | None  # None: not measured yet
    estimate: Estimate | None  # of one run; None: hardware or model are not known
    preset_minutes: dict[str, float]  # of all runs together, for each preset where an estimate can be made
    command: str
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    queries_note: str  # that the queries have little to do with the text; empty where there is nothing to say


def preview(studio: Studio, form: TrainForm, wording: Constitution | None = None) -> Preview:
    """Time, memory, command line and warnings for a form; a wording as for `make_plan`.

    Raises:
        StudioError: As `make_plan`.
    """
    plan = make_plan(studio, form, wording)
    hardware = known_hardware(studio)
    shape = plan.model.shape
    checked = _is_checked(studio, plan)
    made = estimate_of(plan, plan.config, shape, hardware, checked=checked)
    each = {name: estimate_of(plan, config, shape, hardware) for name, config in presets_of(plan.config.method).items()}
    return Preview(
        plan=plan,
        hardware=hardware,
        estimate=made,
        preset_minutes={name: form.seeds * one.total_s / 60 for name, one in each.items() if one is not None},
        command=command_line(plan),
        warnings=tuple(_warnings(studio, plan, hardware, made)),
        notes=(*([CHECKED] if checked else []), *_notes(plan, made)),
        queries_note=topic_note(studio, plan.constitution, plan.query_set.id),
    )


def _is_checked(studio: Studio, plan: Plan) -> bool:
    """Whether a check was just made that asked what the first run would ask; every further seed draws, and asks, anew."""
    form = plan.form
    with in_words(), studio.sessions.read() as session:
        rows = get_query_set(session, form.query_set_id)
        wanted = Wanted(
            version_id=form.version_id,
            query_set_id=form.query_set_id,
            model=studio.store.model_in_row(plan.model.id),
            constitution=plan.constitution,
            queries=queries_of(rows),
            config=plan.config,
        )
        return form.seeds == 1 and made_check(session, wanted, clock(session)) is not None


def estimate_of(plan: Plan, config: TrainConfig, shape: ModelShape | None, hardware: Hardware | None, *, checked: bool = False) -> Estimate | None:
    """The estimate for what the query set can really give; `checked`: the base need not be asked again."""
    if shape is None or hardware is None:
        return None
    held_out = min(config.held_out_queries, plan.query_set.held_out)
    drawn = replace(config, train_queries=min(config.train_queries, plan.train), held_out_queries=held_out)
    left = left_to_probe(plan.train, config)
    drawn = replace(drawn, probe_every=0) if left < FEWEST_PROBE_QUERIES else replace(drawn, probe_queries=min(config.probe_queries, left))
    return estimate(drawn, shape, hardware, plan.constitution, checked=checked)


def command_line(plan: Plan) -> str:
    """The same training from a terminal, quoted for a POSIX shell."""
    stem = file_stem(plan.constitution.name)
    words = ["python", "-m", "app", "train", "--constitution", f"{stem}-v{plan.version_number}.yaml"]
    words += ["--queries", f"{file_stem(plan.query_set.name.rsplit('.', 1)[0])}.jsonl", "--model", plan.model.id]
    words += ["--preset", plan.form.preset, "--seed", str(plan.form.seed)]
    if plan.form.seeds > 1:
        words += ["--seeds", str(plan.form.seeds)]
    for change in changes_of(plan.config, plan.form.preset):
        words += ["--set", change]
    return shlex.join([*words, "--out", f"{stem}-v{plan.version_number}-{plan.form.preset}"])


def _warnings(studio: Studio, plan: Plan, hardware: Hardware | None, made: Estimate | None) -> Sequence[str]:
    shape = plan.model.shape
    found = []
    if plan.config.four_bit and hardware is not None and hardware.four_bit is False:
        found.append(f"four_bit is true, but the package bitsandbytes is not installed on the machine that trains. {REMEDY}")
    if shape is not None:
        tokens = constitution_tokens(plan.constitution)
        if tokens + plan.config.sampling.max_new_tokens > shape.context_tokens:
            found.append(
                f"The constitution has about {tokens:,} tokens, but {plan.model.id} reads at most {shape.context_tokens:,} with the query and the "
                "reply. Shorten it, or choose a model with a longer context."
            )
    if hardware is not None and made is not None and made.memory_bytes > FIT_SHARE * hardware.usable_bytes:
        found.append(
            f"It needs about {made.memory_bytes / 1e9:.1f} GB of memory, and {hardware.usable_bytes / 1e9:.1f} GB were free when the machine that "
            "trains was measured. Choose a smaller model or shorter replies."
        )
    weights = shape.bytes if shape is not None and plan.model.id != DEFAULT_MODEL else 0
    needed = DISK_FACTOR * weights + (plan.form.seeds * made.disk_bytes if made is not None else 0)
    free = studio.store.free_bytes()
    if needed > free:
        found.append(f"It may need {needed / 1e9:.1f} GB of disk, and {free / 1e9:.1f} GB are free. Free some space first.")
    return found


def _notes(plan: Plan, made: Estimate | None) -> Sequence[str]:
    notes = [note for note in (plan.model.notice, *plan.config.notes) if note]
    for wanted, found, word in (
        (plan.config.train_queries, plan.train, "train"),
        (plan.config.held_out_queries, plan.query_set.held_out, "held-out"),
    ):
        if found < wanted:
            notes.append(f"The query set has {found} {word} queries where {wanted} are asked for, so all {found} are used.")
    turns = plan.config.iterations
    last, given = turns * plan.config.train_queries, len(part_of(range(plan.train), plan.config, turns))
    if turns > 1 and given < last:
        notes.append(f"Iteration {turns} asks for {last} train queries, and half of the set has {given}, so those are used.")
    notes += filter(None, [probe_note(left_to_probe(plan.train, plan.config), as_probed(plan.config, plan.constitution))])
    notes += scenario_notes(plan.scenarios, plan.config) if plan.scenarios is not None else ()
    if not any(principle.check for principle in plan.constitution.principles):
        notes.append("No principle has a check, so whether replies follow them is not judged until somebody marks replies, or a check is added.")
    notes += filter(None, [tells_nothing(p.title, p.check, plan.config.sampling.max_new_tokens) for p in plan.constitution.principles])
    return [*notes, *(made.notes if made is not None else ())]
