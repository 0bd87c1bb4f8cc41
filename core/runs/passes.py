"""How long the passes of a model take on a machine: whole sequences, and replies token by token. Imports no torch.

Plain counting of multiplications and bytes, scaled by what this machine was measured to do; the shares were fitted to runs of the default model on two
CPU cores (docs/benchmarks.md). `lanes` are as `core.engine.lanes` has them: two passes side by side, each with half of the cores, do not wait for each other.
"""

from dataclasses import dataclass

from core.engine.batching import LANES, LANES_UP_TO_BYTES, PACKED_ROWS, STEADY_ROWS
from core.machine import Hardware, ModelShape

REPLY_SHARE = 0.9  # mean reply length as a share of max_new_tokens
DECODE_SHARE = 0.24  # of the measured matrix speed, when one token a row is computed at a time
FORWARD_SHARE = 0.45  # of it, when whole sequences are
LANES_GAIN = 1.25  # by how much passes are faster side by side, without gradients
TRAINED_GAIN = 1.1  # the same of training steps, whose products are larger, so that two cores wait less for each other at one of them
UNSHARED = 0.4  # share of a prompt that is its own: what prompts begin with is read once (core.engine.decoding)
LAYER_S = {"cpu": 400e-6, "gpu": 350e-6}  # for each layer and decoded token, before any arithmetic
FOUR_BIT_BYTES = 0.516  # a weight in nf4 with double quantisation: 4 bits, and 0.127 for its scale (arXiv 2305.14314, section 3)


@dataclass(frozen=True)
class Passes:
    """A model on a machine: how long its passes take."""

    shape: ModelShape
    hardware: Hardware
    four_bit: bool

    @property
    def weights(self) -> float:
        """Bytes."""
        linear = self.shape.linear_parameters
        each = self.hardware.bytes_per_parameter
        return (self.shape.parameters - linear) * each + linear * (FOUR_BIT_BYTES if self.four_bit else each)

    @property
    def lanes(self) -> int:
        """Passes at the same time, where a model gives the same bits so, as all do that were tried."""
        small = self.hardware.kind == "cpu" and self.weights <= LANES_UP_TO_BYTES
        return min(LANES, self.hardware.cores) if small else 1

    def beside(self, seconds: float, gain: float = LANES_GAIN) -> float:
        """What so many seconds of passes become, one after another, where they are made side by side if there are lanes."""
        return seconds / gain if self.lanes > 1 else seconds

    def _head(self) -> int:
        return self.shape.hidden * self.shape.vocabulary

    def _body(self) -> int:
        return self.shape.parameters - self._head()

    def forward_s(self, tokens: float, logit_tokens: float) -> float:
        """One pass over whole sequences, with logits at some positions."""
        flops = 2 * (tokens * self._body() + logit_tokens * self._head())
        floor = max(self.weights / (self.hardware.copy_gb_s * 1e9), self.shape.layers * LAYER_S[self.hardware.kind])
        return floor + flops / (FORWARD_SHARE * self.hardware.matmul_gflops * 1e9)

    def sample_s(self, rows: int, prompt: float, new: int, *, steady: bool = False, beside: bool = False) -> float:
        """Replies to some prompts, decoded in batches, one after another or several side by side."""
        at_once, read = (STEADY_ROWS, prompt) if steady else (PACKED_ROWS, UNSHARED * prompt)
        whole, rest = divmod(rows, at_once)
        seconds = whole * self._batch_s(at_once, read, new) + (self._batch_s(rest, read, new) if rest else 0.0)
        return self.beside(seconds) if beside and rows > at_once else seconds

    def _batch_s(self, rows: int, read: float, new: int) -> float:
        arithmetic = 2 * self.shape.parameters * rows * REPLY_SHARE / (DECODE_SHARE * self.hardware.matmul_gflops * 1e9)
        reading = self.weights / (self.hardware.copy_gb_s * 1e9)
        return self.forward_s(rows * read, rows) + new * (max(arithmetic, reading) + self.shape.layers * LAYER_S[self.hardware.kind])
