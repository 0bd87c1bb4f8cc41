"""What this machine has, and how fast it multiplies: measured in a few seconds, in the process that will train."""

import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import torch

from core.engine.models import choose_dtype
from core.engine.quantisation import installed
from core.machine import Hardware

MEASURE_S = 1.0
MATRIX = {"cpu": 1024, "cuda": 8192, "mps": 2048}  # rows and columns
COPIED_BYTES = 64_000_000


def survey(device: torch.device) -> Hardware:
    """Look at the machine and time a matrix product and a copy on the device.

    Args:
        device: Where models will run.
    """
    memory = psutil.virtual_memory()
    dtype = choose_dtype(device)
    return Hardware(
        device=str(device),
        device_name=_device_name(device),
        cores=_cores(),
        memory_bytes=_memory_limit(memory.total),
        memory_available_bytes=free_bytes(torch.device("cpu")),
        gpu_memory_bytes=_gpu_memory(device),
        dtype=str(dtype).removeprefix("torch."),
        matmul_gflops=_matmul_gflops(device, dtype),
        copy_gb_s=_copy_gb_s(device),
        four_bit=installed(),
    )


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def _memory_limit(total: int) -> int:
    """A container's limit, where one is set below the machine's memory."""
    path = Path("/sys/fs/cgroup/memory.max")
    text = path.read_text().strip() if path.exists() else "max"
    return min(total, int(text)) if text.isdecimal() else total


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def free_bytes(device: torch.device) -> int:
    """Memory that is free on a device now, what PyTorch has reserved and does not use included."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))
    memory = psutil.virtual_memory()
    return min(memory.available, _memory_limit(memory.total))


def _gpu_memory(device: torch.device) -> int | None:
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    return None


def _matmul_gflops(device: torch.device, dtype: torch.dtype) -> float:
    size = MATRIX.get(device.type, 1024)
    a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    return 2 * size**3 / _fastest_s(lambda: a @ b, device) / 1e9


def _copy_gb_s(device: torch.device) -> float:
    source = torch.zeros(COPIED_BYTES // 4, device=device)
    target = torch.empty_like(source)
    return 2 * COPIED_BYTES / _fastest_s(lambda: target.copy_(source), device) / 1e9


def _fastest_s(work: Callable[[], object], device: torch.device) -> float:
    """The shortest of many repetitions: what the machine can do when nothing else wants it, since the load of this moment will pass."""
    times: list[float] = []
    until = time.perf_counter() + MEASURE_S
    while len(times) < 3 or time.perf_counter() < until:
        started = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(time.perf_counter() - started)
    return min(times)
