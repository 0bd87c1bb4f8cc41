"""The benchmark for a GPU on a model of no size, so that its code is known to run where there is none."""

import json

import pytest
import torch

from tests.bench.gpu import NO_GPU, SHAPES, main, make_model


def test_the_benchmark_runs_on_a_cpu_and_prints_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--shape", "tiny", "--device", "cpu", "--repeats", "1", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    plain, recomputed, sampled = data["rows"]
    assert [row["activation_checkpointing"] for row in (plain, recomputed)] == [False, True]
    assert all(row[name] > 0 for row in (plain, recomputed) for name in ("tokens_s", "peak_gb"))
    assert all(sampled[name] > 0 for name in ("generate_tokens_s", "sample_tokens_s", "ratio"))
    assert data["machine"]["device"] == "cpu"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_that_it_needs_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 1
    assert capsys.readouterr().err.strip() == NO_GPU


def test_the_large_shape_is_that_of_mistral_7b() -> None:
    """7.24 billion parameters; made without memory."""
    network = make_model(SHAPES["7b"], torch.device("meta")).network
    assert sum(p.numel() for p in network.parameters()) == 7_241_732_096
    assert {p.dtype for p in network.parameters()} == {torch.bfloat16}
