"""What the commands say while they work, and how a person at a terminal stops them."""

import io
import logging
import re
import signal
import sys
import time
import warnings

from core.errors import ConfigError
from core.progress import StepReport

CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # but for tabs and ends of lines


def quiet() -> None:
    """Libraries' progress bars and notes would drown ours."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # peft 0.21 reads an attribute that transformers 5.23 is renaming; nothing here uses it.
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)


def is_sure(question: str) -> bool:
    """Ask whether to do what cannot be undone.

    Raises:
        ConfigError: There is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise ConfigError("There is no terminal to ask at whether you are sure. Give --yes.")
    return input(f"{question} [y/N] ").strip().casefold() in ("y", "yes")


class PlainTerminal(io.TextIOWrapper):
    """A terminal on which texts only stand: what would move its cursor, change its colours or rename its window is written out, as `\\x1b`."""

    def write(self, text: str) -> int:
        super().write(CONTROLS.sub(lambda sign: f"\\x{ord(sign[0]):02x}", text))
        return len(text)


def show_plainly() -> None:
    """Have what a command says only be seen: texts and files come from strangers. What the reader's encoding lacks is written out, too."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, io.TextIOWrapper):
            continue
        stream.reconfigure(errors="backslashreplace")
        if stream.isatty():
            encoding = stream.encoding
            setattr(sys, name, PlainTerminal(stream.detach(), encoding, "backslashreplace", line_buffering=True))


class StopRequest:
    """`should_stop` that a first Ctrl-C sets; a second one ends at once."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGINT, self._ask)
        signal.signal(signal.SIGTERM, self._ask)

    def _ask(self, *_: object) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        print("Stopping after this step (Ctrl-C again: at once) …", file=sys.stderr)

    def __call__(self) -> bool:
        return self.asked


class Printer:
    """`on_step` for a terminal: a line a step, with the time left in the phase."""

    def __init__(self) -> None:
        self.phase, self.started, self.first = "", 0.0, 0

    def fetching(self, what: str, share: float) -> None:
        self(StepReport(phase="preparing", done=round(100 * share), total=100, note=what))

    def __call__(self, report: StepReport) -> None:
        if report.phase != self.phase:
            self.phase, self.started, self.first = report.phase, time.monotonic(), report.done
        made = report.done - self.first
        left = (time.monotonic() - self.started) / made * (report.total - report.done) if made > 0 else None
        numbers = " ".join(f"{name}={value:.3f}" for name, value in report.metrics.items())
        eta = f"{left:.0f} s left in this phase" if left else ""
        print("  ".join(part for part in (f"{report.phase} {report.done}/{report.total}", numbers, report.note, eta) if part), file=sys.stderr, flush=True)
        for reply in report.replies:
            print(f"    [{reply.side}] {reply.query} -> {' '.join(reply.text.split())[:160]}", file=sys.stderr)
