"""What a probe found, as data and back."""

import json

import pytest

from core.lab.data import record_from_data, record_to_data
from core.lab.results import LabAbout, lab_result, result_from_data, result_to_data
from core.lab.values import LabTable, ProbeRecord, ProbeResult, Upshot
from tests.core.lab.benches import ONE
from tests.core.lab.found import changed, known, record, row, with_changes

FULL = ProbeRecord(
    key="context",
    result=ProbeResult(
        upshot=Upshot.FAILED,
        said="It fell.",
        rows=(row(), with_changes(changed(0.1, -0.1), known(0.1), known(-0.1))),
        tables=(LabTable(title="T", heads=("a", "b"), rows=(("1", "2"),), note="n"),),
        sentences=("More.",),
    ),
    readers=("Zoë, 4 cards",),
    duration_s=2.5,
)


@pytest.mark.parametrize("kept", [FULL, ProbeRecord(key="sami", result=None, why="it needs an adapter")])
def test_a_record_comes_back_as_it_was(kept):
    assert record_from_data(json.loads(json.dumps(record_to_data(kept)))) == kept


@pytest.mark.parametrize("data", [{}, {"key": "sami"}, [], {"key": "sami", "result": {"upshot": "odd"}, "why": "", "readers": [], "duration_s": 1}])
def test_data_of_another_form_is_said_to_be_so(data):
    with pytest.raises(ValueError):
        record_from_data(data)


def test_a_result_has_what_was_said_beforehand_beside_what_was_found_and_no_path():
    about = LabAbout(constitution=ONE, model="m", adapter_sha256=None, arm="prompt", n_queries=2, seed=0)
    data = json.loads(json.dumps(result_to_data(lab_result(about, [FULL, record(row(), key="prompt")]))))
    assert data["verdict"]["answer"] == "not shown" and data["probes"][0]["would_count_against"]
    assert data["cells"] == [{"principle": "Brief", "probe": "context", "arm": "Alpha 1", "bound_change": pytest.approx(0.1 / 0.7), "compliance_change": -0.1}]
    assert [each["meaning"] for each in data["principles"]] == ["done, hardly told apart"]


def test_a_result_comes_back_as_it_was_with_the_same_verdict():
    found = lab_result(LabAbout(constitution=ONE, model="m", adapter_sha256="ab", arm="prompt", n_queries=2, seed=0, variant="nonce"), [FULL])
    data = json.loads(json.dumps(result_to_data(found)))
    assert result_from_data(data) == found
    del data["about"]["variant"]  # as reports were before it was told
    assert result_from_data(data).about.control == ""
    with pytest.raises(ValueError):
        result_from_data({"about": {}})
