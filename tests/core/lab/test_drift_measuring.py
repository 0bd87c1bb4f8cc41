"""A drift matrix on the tiny model: what is drawn once, resumed and refused, and an adapter that does not fit."""

import json
from dataclasses import replace

import pytest

from core.engine.adapters import adapter_hash
from core.errors import ConfigError
from core.lab.battery import REPORT
from core.lab.drift import measuring
from core.lab.drift.matrix import PICKED
from core.lab.drift.measuring import Drifting, report_drift
from core.lab.drift.plan import DriftPlan, Trained, rows_of
from core.methods.arms import Artifact
from core.methods.settings import TrainConfig
from core.progress import Stopped
from core.settings import SamplingConfig
from tests.core.lab.benches import HELD_OUT, ONE, OTHER, TWO
from tests.tiny import save_tiny_adapter, save_tiny_model


@pytest.fixture(scope="module")
def adapter(tiny_folder, tmp_path_factory):
    return save_tiny_adapter(tiny_folder, tmp_path_factory.mktemp("drift") / "adapter")


def drifting(model, folder, *adapters, **more):
    worn = [Trained(of=0, artifact=Artifact(kind="adapter", place=str(each), sha256=adapter_hash(each)), recipe="sami") for each in adapters]
    config = replace(TrainConfig(), sampling=SamplingConfig(max_new_tokens=5, temperature=0.7), seed=3)
    plan = DriftPlan(constitutions=(ONE, TWO, OTHER), trained=tuple(worn), held_out=HELD_OUT, model=model.reference, config=config)
    return Drifting(plan=plan, folder=folder, model=model, **more)


@pytest.fixture
def drawn(monkeypatch):
    """Which arms were asked for replies, in order."""
    asked, draw = [], measuring.ask_scenarios
    monkeypatch.setattr(measuring, "ask_scenarios", lambda policy, *rest: asked.append(policy.arm.key) or draw(policy, *rest))
    return asked


def after(ticks):
    """Asked to stop so late."""
    left = iter(range(ticks))
    return lambda: next(left, None) is None


def test_every_row_is_asked_read_and_judged(tiny, adapter, tmp_path):
    made = report_drift(drifting(tiny, tmp_path / "drift", adapter))
    assert made.failed == {}
    assert all(cell.change.n == 2 for cell in made.checks.cells if made.column(cell.column).principle.check is not None)
    assert all(cell.change.value is not None for cell in made.reader.cells)
    assert all(each.value.value is not None for each in made.beside if each.name != PICKED or made.row(each.row).own is not None)
    text = (tmp_path / "drift" / REPORT).read_text()
    assert str(tmp_path) not in text and len(json.loads(text)["rows"]) == len(rows_of(made.plan))


def test_one_that_was_stopped_goes_on_and_comes_to_the_same(tiny, adapter, tmp_path, drawn):
    whole = report_drift(drifting(tiny, tmp_path / "whole", adapter))
    every = list(drawn)
    drawn.clear()
    with pytest.raises(Stopped):
        report_drift(drifting(tiny, tmp_path / "parts", adapter, should_stop=after(8)))
    before = list(drawn)
    assert 0 < len(before) < len(every) and not (tmp_path / "parts" / REPORT).exists()
    resumed = report_drift(drifting(tiny, tmp_path / "parts", adapter))
    assert drawn == every and resumed == whole
    assert (tmp_path / "parts" / REPORT).read_bytes() == (tmp_path / "whole" / REPORT).read_bytes()


def test_what_is_there_is_not_asked_again_and_another_matrix_is_refused(tiny, adapter, tmp_path, drawn):
    report_drift(drifting(tiny, tmp_path, adapter))
    drawn.clear()
    report_drift(drifting(tiny, tmp_path, adapter))
    assert drawn == []
    with pytest.raises(ConfigError, match="adapters differ"):
        report_drift(drifting(tiny, tmp_path))


def test_an_adapter_that_does_not_fit_is_told_and_the_others_go_on(tiny, adapter, tmp_path):
    other = save_tiny_adapter(save_tiny_model(tmp_path / "other", layers=3), tmp_path / "unfit")
    made = report_drift(drifting(tiny, tmp_path / "drift", other, adapter))
    assert set(made.failed) == {"trained 1", "trained 1, alone"}
    assert all(why and str(tmp_path) not in why for why in made.failed.values())
    assert all(cell.change.n == 2 for cell in made.checks.cells if cell.row == "trained 2" and cell.column != "3.1")
