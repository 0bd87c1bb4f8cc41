"""A battery: the chosen probes one after another, each committed when it is done.

A probe that fails could not be measured, for the reason that it gives, and the others go on. The same call goes on where an earlier one
ended: what was measured is not measured again, and what could not be is tried once more.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from core.engine.adapter_card import named_for_others
from core.engine.checkpoints import remember, write_json
from core.engine.memory import memory_in_words
from core.errors import ConfigError, DiskFullError, StudioError
from core.lab.bench import Bench
from core.lab.data import record_from_data, record_to_data
from core.lab.plan import fingerprint
from core.lab.probes import ADAPTER, PROBES, RECORD, TRAIN, Probe
from core.lab.results import LabAbout, LabResult, lab_result, result_to_data
from core.lab.values import ProbeRecord, ProbeResult
from core.methods.variants import REAL
from core.progress import StepReport

LAB, REPORT = "lab.json", "report.json"  # in a battery's folder: what it belongs to; what it found
PROBED = "probes"  # the folder, within it, of what probes found
_log = logging.getLogger(__name__)

Run = Callable[[Bench], ProbeResult]
Found = TypeVar("Found")


def run_battery(bench: Bench, keys: Sequence[str]) -> list[ProbeRecord]:
    """Run probes in a folder, in the order of the table.

    Args:
        bench: What they work with; its `probe` and `own` are set for each.
        keys: Which.

    Raises:
        Stopped: It was asked to; what was done is kept.
        ConfigError: There is no such probe, or the folder holds another battery.
        DiskFullError: Nothing can be kept any longer.
    """
    chosen = require_probes(keys)
    claim_folder(bench)
    return [_probed(bench, probe, number, len(chosen)) for number, probe in enumerate(chosen)]


def report_battery(bench: Bench, keys: Sequence[str]) -> LabResult:
    """Run probes as `run_battery`, and leave what all of them came to in the folder."""
    plan, examined = bench.plan, bench.examined
    about = LabAbout(
        constitution=plan.constitution,
        model=named_for_others(plan.model).id,
        adapter_sha256=examined.artifact.sha256 if examined is not None else None,
        arm=(bench.trained[0] if bench.trained is not None else bench.control).key,
        n_queries=len(plan.held_out),
        seed=plan.config.seed,
        variant=plan.config.variant if examined is not None else REAL,
    )
    found = lab_result(about, run_battery(bench, keys))
    write_json(bench.folder / REPORT, result_to_data(found))
    return found


def require_probes(keys: Sequence[str]) -> list[Probe]:
    """The probes of these names, in the order of the table.

    Raises:
        ConfigError: There is no such probe.
    """
    if unknown := [key for key in keys if key not in PROBES]:
        raise ConfigError(f"There is no probe {unknown[0]!r}. `lab --list` names them: {', '.join(PROBES)}.")
    return [probe for probe in PROBES.values() if probe.key in keys]


def claim_folder(bench: Bench) -> None:
    """Write what the folder belongs to, or compare it with what is there.

    Raises:
        ConfigError: It holds another battery.
    """
    claim(bench.folder, fingerprint(bench.plan, bench.examined.artifact.sha256 if bench.examined is not None else None))


def claim(folder: Path, belongs_to: Mapping[str, Any]) -> None:
    """Write what a folder of results belongs to, or compare it with what is there.

    Raises:
        ConfigError: It holds those of something else.
    """
    folder.mkdir(parents=True, exist_ok=True)
    here = json.loads(json.dumps(belongs_to))  # as it reads back: a tuple is a list then
    there = remember(folder / LAB, lambda: here)
    if different := [key for key in here if there.get(key) != here[key]]:
        raise ConfigError(f"{folder} holds the results of another battery: {' and '.join(different)} differ. Choose another folder for this one.")


def missing(probe: Probe, bench: Bench) -> str:
    """What a probe needs and has not got, in words; empty where it has all."""
    has = {
        ADAPTER: bench.examined is not None,
        RECORD: bench.examined is not None and bench.examined.record is not None,
        TRAIN: any(query.split == "train" for query in bench.plan.queries),
    }
    lacking = [need for need in probe.needs if not has[need]]
    return f"it needs {' and '.join(lacking)}" if lacking else ""


def kept_record(folder: Path, key: str) -> ProbeRecord | None:
    """What is kept of a probe in a battery's folder; None: nothing that can be read."""
    path = folder / PROBED / f"{key}.json"
    try:
        return record_from_data(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        return None


def _probed(bench: Bench, probe: Probe, number: int, total: int) -> ProbeRecord:
    kept, readers = (
        kept_record(bench.folder, probe.key),
        tuple(f"{reader.name} {reader.version}".strip() for reader in bench.readers) if probe.asks_readers else (),
    )
    if kept is not None and kept.result is not None and kept.readers == readers:
        return kept
    own = bench.folder / PROBED / probe.key
    own.mkdir(parents=True, exist_ok=True)
    bench.on_step(StepReport(phase=probe.key, done=0, total=1, note=f"probe {number + 1} of {total}: {probe.title}"))
    started = time.monotonic()
    record = _found(replace(bench, probe=probe.key, own=own), probe)
    record = replace(record, readers=readers, duration_s=round(time.monotonic() - started, 1))
    write_json(bench.folder / PROBED / f"{probe.key}.json", record_to_data(record))
    return record


def _found(bench: Bench, probe: Probe) -> ProbeRecord:
    if why := missing(probe, bench):
        return ProbeRecord(key=probe.key, result=None, why=why)

    def measure() -> ProbeResult:
        module, _, name = probe.module.partition(":")
        run: Run = getattr(import_module(module), name)
        return run(bench)

    result, why = tried(f"probe {probe.key}", measure)
    return ProbeRecord(key=probe.key, result=result, why=why)


def tried(name: str, measure: Callable[[], Found]) -> tuple[Found | None, str]:
    """What a part of a battery comes to, whatever happens in it, or why it could not be measured. `Stopped` is nobody's fault and ends the battery.

    Raises:
        Stopped: It was asked to.
        DiskFullError: Nothing can be kept any longer.
    """
    try:
        with memory_in_words("Close other programs, or shorten the replies."):
            return measure(), ""
    except DiskFullError:
        raise
    except StudioError as error:
        return None, str(error)
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError, AttributeError, AssertionError, ImportError, OSError) as error:
        _log.exception("%s failed", name)
        return None, f"a fault of this program ({type(error).__name__}); the log has more. The others went on"


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Probes that are run, and those of the table that are left, with what they lack."""

    keys: tuple[str, ...]
    left: tuple[tuple[str, str], ...]


def quick_battery(bench: Bench) -> Chosen:
    """What is run where no probe is named: those that do not take long and whose needs are met."""
    lacking = {key: missing(probe, bench) for key, probe in PROBES.items() if probe.quick}
    return Chosen(keys=tuple(key for key, why in lacking.items() if not why), left=tuple((key, why) for key, why in lacking.items() if why))
