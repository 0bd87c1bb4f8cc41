"""Files of a run that survive a kill at any moment: written aside, checked, then renamed into place.

A checkpoint holds everything that the next step depends on: adapter, optimiser moments and the step number. Random draws
need no state, since each has a seed of its own (`core.seeds.seed_for`). Tensors are kept as safetensors, never pickled.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from core.engine.faults import is_disk_full
from core.errors import DiskFullError

KEPT = 2  # checkpoints kept; the older one is the fallback if the newer is found damaged


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A verified checkpoint on disk."""

    folder: Path
    step: int  # optimiser steps done

    def tensors(self) -> dict[str, Tensor]:
        """All tensors, on the CPU."""
        return load_file(self.folder / "state.safetensors")


def write_json(path: Path, data: Any) -> None:
    """Write a JSON file so that it is either the old one or the new one, whole, whatever happens."""
    with _disk_full_in_words(path):
        scratch = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with scratch.open("w", encoding="utf-8") as file:
                json.dump(data, file, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            scratch.unlink(missing_ok=True)  # half of it would only fill the disk further
            raise
        os.replace(scratch, path)
        _sync_folder(path.parent)


def remember(path: Path, compute: Callable[[], Any]) -> Any:
    """The JSON value in `path`, computed and written first when it is not there yet."""
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    value = compute()
    write_json(path, value)
    return value


def save_checkpoint(run_folder: Path, step: int, tensors: dict[str, Tensor], kept: int | None = KEPT) -> Checkpoint:
    """Commit a checkpoint and drop all but the newest; none is dropped with `kept` None.

    Raises:
        DiskFullError: No room; the earlier checkpoints are untouched.
    """
    final = run_folder / f"checkpoint-{step:06d}"
    scratch = run_folder / f".checkpoint-{step:06d}.{os.getpid()}"
    with _disk_full_in_words(final):
        try:
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir(parents=True)
            save_file({name: tensor.detach().contiguous().cpu() for name, tensor in tensors.items()}, scratch / "state.safetensors")
            _sync_file(scratch / "state.safetensors")
            write_json(scratch / "manifest.json", {"step": step, "sha256": _sha256(scratch / "state.safetensors")})
            shutil.rmtree(final, ignore_errors=True)
            os.replace(scratch, final)
            _sync_folder(run_folder)
        except Exception:  # safetensors raises its own class where the disk is full
            shutil.rmtree(scratch, ignore_errors=True)
            raise
    for old in sorted(run_folder.glob("checkpoint-*"))[:-kept] if kept is not None else ():
        shutil.rmtree(old, ignore_errors=True)
    return Checkpoint(folder=final, step=step)


def latest_checkpoint(run_folder: Path) -> Checkpoint | None:
    """The newest checkpoint whose manifest verifies; damaged ones are passed over."""
    steps = reversed(checkpoint_steps(run_folder))
    return next((found for found in (find_checkpoint(run_folder, step) for step in steps) if found is not None), None)


def checkpoint_steps(run_folder: Path) -> list[int]:
    """The steps that there are checkpoints of, damaged ones too."""
    names = (folder.name.removeprefix("checkpoint-") for folder in run_folder.glob("checkpoint-*"))
    return sorted(int(name) for name in names if name.isdecimal())


def find_checkpoint(run_folder: Path, step: int) -> Checkpoint | None:
    """The checkpoint of a step; None where there is none, or half of one, which is none."""
    folder = run_folder / f"checkpoint-{step:06d}"
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        whole = manifest["step"] == step and manifest["sha256"] == _sha256(folder / "state.safetensors")
        return Checkpoint(folder=folder, step=step) if whole else None
    except (OSError, ValueError, KeyError):
        return None


def adapter_tensors(parameters: dict[str, torch.nn.Parameter], optimizer: torch.optim.AdamW) -> dict[str, Tensor]:
    """What a checkpoint holds: each trainable parameter with its AdamW moments."""
    tensors = {f"parameter.{name}": p.detach() for name, p in parameters.items()}
    for name, p in parameters.items():
        for key, value in optimizer.state.get(p, {}).items():
            tensors[f"optimizer.{key}.{name}"] = value
    return tensors


def restore_tensors(tensors: dict[str, Tensor], parameters: dict[str, torch.nn.Parameter], optimizer: torch.optim.AdamW) -> None:
    """The inverse of `adapter_tensors`, in place."""
    with torch.no_grad():
        for name, p in parameters.items():
            p.copy_(tensors[f"parameter.{name}"])
            keys = ("step", "exp_avg", "exp_avg_sq")
            if f"optimizer.step.{name}" in tensors:
                optimizer.state[p] = {key: tensors[f"optimizer.{key}.{name}"].to("cpu" if key == "step" else p.device) for key in keys}


class _disk_full_in_words:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is not None and is_disk_full(error):
            raise DiskFullError(f"The disk is full: {self.path.name} could not be written in {self.path.parent}. Free some space and resume.") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
