"""What a run would be, before it is asked for, as HTML."""

from collections.abc import Sequence

from app.present.runs import duration, phase_words
from app.present.text import count, escape, within
from app.services.evidence import EvidencePreview
from app.services.plans import Plan
from app.services.previews import Preview
from core.constitution.contrasts import asked_stances, is_asked
from core.constitution.principles import SIDES
from core.machine import Hardware
from core.methods.settings import TrainConfig
from core.runs.iterations import Amount, amount_of
from core.runs.run_queries import scenarios_say

UNMEASURED = "The machine that trains has not been measured yet: the trainer does that when it starts, which takes about ten seconds."


def preview_html(preview: Preview) -> str:
    """Hardware, time, memory and what to mind. The command line is shown by the page itself, beside its copy button."""
    rows = [("Machine", _hardware(preview.hardware))]
    if preview.estimate is not None:
        made = preview.estimate
        seeds = preview.plan.form.seeds
        phases = ", ".join(f"{within(phase_words(phase))} {duration(spent)}" for phase, spent in made.seconds.items())
        each = f"{seeds} runs, one after the other, {_about(made.total_s)} each: " if seeds > 1 else ""
        rows.append(("Time", f'<strong class="cs-big">{_about(seeds * made.total_s)}</strong><span class="cs-quiet">{escape(each + phases)}</span>'))
        rows.append(("Memory", _memory(made.memory_bytes, preview.hardware)))
    else:
        rows.append(("Time and memory", '<span class="cs-quiet">Not known yet.</span>'))
    rows.append(("Work", f'<span class="cs-number">{escape(work(preview.plan.config, preview.plan.amount))}</span>'))
    if traced := _traced(preview.plan):
        rows.append(("Traced", f'<span class="cs-number">{escape(traced)}</span>'))
    if preview.plan.scenarios is not None:
        rows.append(("Scenarios", f'<span class="cs-number">{scenarios_say(preview.plan.scenarios, preview.plan.config)}</span>'))
    return _told(rows, preview.warnings, preview.notes)


def pair_html(found: EvidencePreview) -> str:
    """The same of two runs, of the old wording of an amendment and of the new one."""
    old = found.old
    rows = [("Machine", _hardware(old.hardware))]
    if found.seconds is not None and found.memory_bytes is not None:
        rows.append(("Time", f'<strong class="cs-big">{_about(found.seconds)}</strong><span class="cs-quiet">{escape(_each(found))}</span>'))
        rows.append(("Memory", _memory(found.memory_bytes, old.hardware)))
    else:
        rows.append(("Time and memory", '<span class="cs-quiet">Not known yet.</span>'))
    rows.append(("Work of each", f'<span class="cs-number">{escape(work(old.plan.config, old.plan.amount))}</span>'))
    return _told(rows, found.warnings, found.notes)


def pair_lines(found: EvidencePreview) -> list[str]:
    """The same for a terminal."""
    if found.seconds is None or found.memory_bytes is None:
        known = ["Time and memory are not known yet."]
    else:
        known = [f"{_about(found.seconds)}: {_each(found)}", f"about {found.memory_bytes / 1e9:.1f} GB of memory at the peak"]
    return [*known, *found.warnings, *found.notes]


def _each(found: EvidencePreview) -> str:
    named = (("old", found.old), ("new", found.new))
    spent = ", ".join(f"{_about(each.estimate.total_s)} for the {name} wording" for name, each in named if each.estimate is not None)
    return f"two runs, one after the other: {spent}"


def _told(rows: Sequence[tuple[str, str]], warnings: Sequence[str], notes: Sequence[str]) -> str:
    facts = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows)
    shown = "".join(f'<p class="cs-problem">{escape(text)}</p>' for text in warnings)
    listed = "".join(f"<li>{escape(text)}</li>" for text in notes)
    return f'<dl class="cs-facts">{facts}</dl>{shown}<ul class="cs-notes">{listed}</ul>'


def work(config: TrainConfig, amount: Amount | None = None) -> str:
    """What the numbers of a config come to, in one sentence; with an amount, as far as a query set goes."""
    amount = amount or amount_of(config)
    queries = " + ".join(map(str, amount.queries))
    if (pieces := config.recipe.pieces) is not None:
        chosen = min(config.recipe.validation, sum(amount.queries) // 2)
        read = sum(amount.queries) - chosen
        return f"{read} queries read, {chosen} to choose on among {pieces - 1} candidates; measured on {amount.held_out} held-out queries"
    iterations = f" in {config.iterations} iterations" if config.iterations > 1 else ""
    passes, noun = count(config.passes, "pass", "passes"), "query" if queries == "1" else "queries"
    return (
        f"{queries} {noun}{iterations} × {passes} = {count(amount.steps, 'step')} of {config.queries_per_step}; "
        f"measured on {count(amount.held_out, 'held-out query', 'held-out queries')}"
    )


def _traced(plan: Plan) -> str:
    """What replies of several principles are traced among; empty of one, where there is nothing to choose."""
    sides = len(asked_stances(len(plan.constitution.principles)))
    if sides == len(SIDES):
        return ""
    pairs = sum(is_asked(prompt, written, plan.config.trace) for prompt in range(sides) for written in range(sides))
    if plan.config.trace == "all":
        return f"replies to each held-out query among all {sides} constitutions: {pairs} pairs (trace=all)"
    return f"replies to each held-out query among what verdicts rest on: {pairs} of {sides**2} pairs (trace=own)"


def about_minutes(minutes: float) -> str:
    """An estimate of minutes, for the name of a preset."""
    return _about(60 * minutes)


def _about(seconds: float) -> str:
    return f"about {duration(seconds)}"


def _memory(peak: int, hardware: Hardware | None) -> str:
    return f'<strong class="cs-big">about {peak / 1e9:.1f} GB</strong><span class="cs-quiet">at the peak, {_free(hardware)}</span>'


def _hardware(hardware: Hardware | None) -> str:
    if hardware is None:
        return f'<span class="cs-quiet">{UNMEASURED}</span>'
    gpu = f", {hardware.gpu_memory_bytes / 1e9:.0f} GB on the GPU" if hardware.gpu_memory_bytes else ""
    cores = f"{hardware.cores} core{'' if hardware.cores == 1 else 's'}"
    speed = f"{hardware.matmul_gflops / 1000:.1f} TFLOP/s" if hardware.matmul_gflops >= 1000 else f"{hardware.matmul_gflops:.0f} GFLOP/s"
    facts = f"{cores}, {hardware.memory_bytes / 1e9:.0f} GB of memory{gpu}; {speed} measured in {hardware.dtype}"
    return f'{escape(hardware.device_name)}<span class="cs-quiet">{escape(facts)}</span>'


def _free(hardware: Hardware | None) -> str:
    if hardware is None:
        return ""
    where = "the GPU has" if hardware.gpu_memory_bytes else "free when measured:"
    return f"{where} {hardware.usable_bytes / 1e9:.1f} GB"
