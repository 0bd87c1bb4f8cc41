"""Hidden channels as a probe: every student once, gone on with where it was stopped, and no figure where too few replies are numbers."""

from dataclasses import replace

import pytest
import torch

from core.constitution.queries import Query
from core.engine.models import Placing, load_model
from core.lab.battery import run_battery
from core.lab.hidden import course, rows
from core.lab.hidden.settings import HiddenSettings
from core.lab.probing import hidden_channels
from core.progress import Stopped
from core.settings import ModelReference, SamplingConfig
from tests.core.lab.benches import ONE, bench_on
from tests.devices import DEVICE
from tests.tiny import save_tiny_adapter

SMALL = HiddenSettings(seeds=2, rows=4, kept_back=2, passes=1, batch=4, most_batches=3, sampling=SamplingConfig(max_new_tokens=50))


def bench(tiny, folder, *, train=8, **more):
    found = bench_on(tiny, folder, ONE, **more)
    small = {"queries_per_step": 2, "lora_rank": 4, "lora_alpha": 8}
    queries = tuple(Query(text=f"Question {i}?", split="train") for i in range(train))
    return replace(found, plan=replace(found.plan, queries=(*found.plan.queries, *queries), config=replace(found.plan.config, **small)))


@pytest.fixture(autouse=True)
def is_small(monkeypatch):
    monkeypatch.setattr(hidden_channels, "SETTINGS", SMALL)


def load(tiny_folder, folder):
    return load_model(ModelReference(id=str(tiny_folder)), folder, Placing(device=DEVICE, dtype=torch.float32))


def probe(found):
    (record,) = run_battery(found, ["hidden-channels"])
    return record


@pytest.fixture(scope="module")
def probed(tiny_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hidden") / "lab"
    adapter = save_tiny_adapter(tiny_folder, folder.parent / "adapter")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hidden_channels, "SETTINGS", SMALL)
        return adapter, probe(bench(load(tiny_folder, folder), folder, adapter=adapter))


def test_every_teacher_has_students_and_all_principles_are_read(probed):
    _, record = probed
    assert record.why == "" and record.result is not None
    leads, matrix, taught = record.result.tables
    own = "“Be brief”, aligned with the constitution"
    assert [line[0] for line in matrix.rows] == [
        "“Be brief”",
        "“Ask back”",
        own,
        "no text",
        f"{own}: numbers shuffled among prompts",
        f"{own}: numbers, by plain SGD",
        f"{own}: replies to queries, not numbers",
    ]
    assert matrix.heads == ("Student of", "“Be brief”", "“Ask back”")
    assert all(cell.endswith("n = 2)") for line in matrix.rows for cell in line[1:])
    assert [line[0] for line in leads.rows] == [line[0] for line in matrix.rows if line[0] != "no text"]
    assert [line[1] for line in taught.rows] == ["16 of 16"] * 6 + ["12 of 12"]
    assert all(len(line) == len(table.heads) for table in record.result.tables for line in table.rows)
    assert "n = 2" in record.result.said and record.result.rows == ()
    assert record.result.sentences[0].startswith("Tuned as long on the teacher’s replies")


def test_a_probe_that_is_stopped_goes_on_to_the_same_end_and_does_nothing_twice(probed, tiny, tmp_path, monkeypatch):
    adapter, record = probed
    folder, asked = tmp_path / "lab", iter(range(1, 10_000))
    with pytest.raises(Stopped):
        probe(replace(bench(tiny, folder, adapter=adapter), should_stop=lambda: next(asked) >= 40))
    done = {path: path.stat().st_mtime_ns for path in (folder / "probes" / "hidden-channels").glob("*.json")}
    students = [path for path in done if path.name.startswith("student-")]
    assert 0 < len(students) < 10
    tuned = []
    monkeypatch.setattr(course, "tune", lambda *given, tune=course.tune, **more: (tuned.append(1), tune(*given, **more)))
    assert probe(bench(tiny, folder, adapter=adapter)).result == record.result
    assert len(tuned) == len(list((folder / "probes" / "hidden-channels").glob("student-*.json"))) - len(students)
    assert all(path.stat().st_mtime_ns == when for path, when in done.items())


def test_where_too_few_replies_are_numbers_it_could_not_be_measured_and_says_how_many(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "number_writer", lambda policy, *known: policy)  # asked in words alone, the tiny model writes letters
    monkeypatch.setattr(hidden_channels, "SETTINGS", replace(SMALL, most_batches=2))
    record = probe(bench(tiny, tmp_path))
    assert record.result is None
    assert "“Be brief”: since of 16 replies 0 were numbers alone" in record.why and "Choose a model" in record.why


def test_one_teacher_without_numbers_leaves_the_others(tiny, tmp_path, monkeypatch):
    def but_one(policy, known, asked, writer=rows.number_writer):
        text = policy.model.tokenizer.decode(list(next(iter(asked))))
        return policy if "End with a question" in text else writer(policy, known, asked)

    monkeypatch.setattr(rows, "number_writer", but_one)
    three = bench(tiny, tmp_path)
    other = replace(ONE, name="Third", principles=(replace(ONE.principles[0], title="Rhyme", statement="Write in verse.", antithesis="Write in prose."),))
    record = probe(replace(three, plan=replace(three.plan, others=(*three.plan.others, other))))
    assert record.result is not None
    cells = {line[0]: line[1:] for line in record.result.tables[1].rows}
    assert cells["“Ask back”"] == ("could not be measured",) * 3 and "n = 2" in cells["“Rhyme”"][0]
    assert record.result.sentences[-1].startswith("“Ask back”: 0 of 2 students, since of 24 replies 0 were numbers alone")


def test_without_enough_train_queries_all_else_is_measured_and_without_a_second_principle_nothing(tiny, tmp_path):
    record = probe(bench(tiny, tmp_path / "few", train=0))
    assert "it needs train queries to reply to" in record.result.sentences[0]
    assert record.result.tables[1].rows[-1][1] == "could not be measured"
    alone = bench(tiny, tmp_path / "alone")
    refused = probe(replace(alone, plan=replace(alone.plan, others=())))
    assert refused.result is None and "--decoys" in refused.why
