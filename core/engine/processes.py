"""Several processes of one machine that do one run together, a GPU for each. With one process nothing here happens.

Every process goes through the same `core.runs.execute`. Queries are shared out, and what was found is gathered, so that all know all.
The first process alone decides (what is on disk, when to stop) and writes; the others are told.

Numbers and words travel as JSON over gloo; gradients travel between the devices themselves (NCCL between GPUs), and are summed in the
order of the processes, so that every one holds the same adapter to the bit.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import torch
import torch.distributed as dist

from core.engine.checkpoints import write_json
from core.errors import ConfigError

PATIENCE = timedelta(days=7)  # one process may be long at what the others wait for; whoever started them ends them when one dies
Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class World:
    """One of the processes: its number, and how many there are."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this process decides and writes."""
        return self.rank == 0

    def share(self, value: Any) -> Any:
        """The first process's value, in all of them. What JSON can hold."""
        return value if self.size == 1 else self._receive(value, 0)

    def gather(self, value: Any) -> list[Any]:
        """Every process's value, in their order, in all of them. What JSON can hold."""
        return [value] if self.size == 1 else [self._receive(value, rank) for rank in range(self.size)]

    def _receive(self, value: Any, source: int) -> Any:
        sent = json.dumps(value).encode() if self.rank == source else b""
        length = torch.tensor([len(sent)])
        dist.broadcast(length, source)
        data = torch.frombuffer(bytearray(sent), dtype=torch.uint8) if self.rank == source else torch.empty(int(length), dtype=torch.uint8)
        dist.broadcast(data, source)
        return json.loads(data.numpy().tobytes())

    def part(self, items: Sequence[Item]) -> list[Item]:
        """This process's share: every `size`-th, so that shares differ by one at most."""
        return list(items[self.rank :: self.size])

    def together(self, parts: Sequence[Sequence[Item]]) -> list[Item]:
        """The inverse of `part`: what was gathered of every share, in the order of all items."""
        return [parts[k % self.size][k // self.size] for k in range(sum(map(len, parts)))]

    def add_gradients(self, parameters: Sequence[torch.nn.Parameter]) -> None:
        """Give all processes the sum of their gradients; in float32, in the order of the processes."""
        if self.size == 1:
            return
        own = torch.cat([(p.grad if p.grad is not None else torch.zeros_like(p)).flatten().float() for p in parameters])
        total = torch.zeros_like(own)
        for rank in range(self.size):
            piece = own.clone() if rank == self.rank else torch.empty_like(own)
            dist.broadcast(piece, rank)
            total += piece
        for p, gradient in zip(parameters, total.split([p.numel() for p in parameters]), strict=True):
            p.grad = gradient.view_as(p).to(p.dtype)

    def require_same(self, what: str, value: str) -> None:
        """Raise RuntimeError unless all processes hold the same value."""
        if len(set(found := self.gather(value))) > 1:
            raise RuntimeError(f"the processes of this run hold different {what}: {', '.join(found)}")

    def device(self, chosen: torch.device) -> torch.device:
        """This process's device: of several GPUs the one with its number.

        Raises:
            ConfigError: There are fewer GPUs, or one of them was named.
        """
        if self.size == 1 or chosen.type != "cuda":
            return chosen
        if chosen.index is not None or torch.cuda.device_count() < self.size:
            raise ConfigError(
                f"{self.size} processes need a GPU each, but the device is {chosen} and {torch.cuda.device_count()} GPUs can be seen. "
                "Ask for fewer processes, or for the device cuda."
            )
        return torch.device("cuda", self.rank)


ALONE = World()


def remember_together(world: World, path: Path, compute: Callable[[], Any]) -> Any:
    """`core.engine.checkpoints.remember` for a value that all processes compute together; the first says whether it is there, and writes."""
    found = world.share(json.loads(path.read_text(encoding="utf-8")) if world.first and path.exists() else None)
    if found is not None:
        return found
    value = compute()
    if world.first:
        write_json(path, value)
    return value


@contextmanager
def joined(world: World, meeting: Path, device: torch.device) -> Iterator[None]:
    """Within this block the processes can talk. They find each other by a file, so that no port is open for it.

    Args:
        world: This process's number, and how many there are.
        meeting: A file on this machine that does not exist yet; the same for all.
        device: This process's.
    """
    if world.size == 1:
        yield
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    dist.init_process_group(backend, init_method=f"file://{meeting}", rank=world.rank, world_size=world.size, timeout=PATIENCE)
    try:
        yield
    finally:
        dist.destroy_process_group()


def default_count(device: torch.device) -> int:
    """How many processes a run has when nobody says: one for each GPU that can be seen, and one on a CPU or a GPU that was named."""
    return max(1, torch.cuda.device_count()) if device.type == "cuda" and device.index is None else 1
