"""The page of a run: its handlers, and what it says in each state."""

from types import SimpleNamespace
from typing import Any

import pytest

from app.pages import run as run_module
from app.pages.run import RunPage
from app.present.runs import duration
from app.services.studio import Studio
from core.runs.links import trainability_from_data
from core.runs.results import run_result_to_data
from db import claims
from db.runs import Metric, add_metrics
from db.tables import Run
from tests.app.pages.calling import asks
from tests.app.planting import FOUND, HOSTILE, claim, finish, progress, queue, queue_series, sample, train_steps, write_log
from tests.app.results import capitals, complying, result


def opened(studio: Studio, run_id: int) -> dict[str, Any]:
    reply: dict[str, Any] = RunPage(studio).opened({"id": str(run_id)}, asks())
    return reply


def test_a_waiting_run_says_how_many_are_ahead_and_can_be_stopped(studio: Studio) -> None:
    first, second = queue(studio, key="first-key"), queue(studio, "Warm tone", key="second-key")
    assert opened(studio, first)["headline"] == "Waiting, next in line"
    reply = opened(studio, second)
    assert reply["headline"] == "Waiting behind 1 run"
    assert "<bdi>Warm tone</bdi>, version 1" in reply["sections"]["head"]
    assert 'data-action="stop"' in reply["sections"]["actions"]


def test_a_running_one_shows_phase_progress_and_curves(studio: Studio) -> None:
    run_id = queue(studio, changes=("method=sami",))
    held = claim(studio)
    assert opened(studio, run_id)["headline"] == "Starting"
    train_steps(studio, held, 6)
    progress(studio, held, "training", 6, 12, eta_s=15.0)
    reply = opened(studio, run_id)
    assert reply["headline"] == "Training"
    assert "left" in reply["progress"]
    assert "6 of 12 steps" in reply["sections"]["phases"]
    assert reply["sections"]["charts"].count("<svg") == 4
    assert "cap log 2 = 0.693" in reply["sections"]["charts"]
    assert "chance = 0.50" in reply["sections"]["charts"]
    assert "limit 0.25: training ends" in reply["sections"]["charts"]
    assert 0.2 < reply["share"] < 0.8


def test_probes_are_drawn_beside_the_bound_and_called_what_they_are(studio: Studio) -> None:
    run_id = queue(studio)
    held = claim(studio)
    train_steps(studio, held, 6)
    assert "robe" not in opened(studio, run_id)["sections"]["charts"]
    with studio.sessions.begin() as session:
        add_metrics(session, held, [Metric(step=step, name="probe_bound_nats", value=0.1 * step) for step in (2, 4)])
    charts = opened(studio, run_id)["sections"]["charts"]
    assert "□ 0.40<" in charts
    assert "Squares, dashed: on probe queries, from the train split but not trained on, from means over tokens; cap log 2." in charts
    assert charts.count("cs-square") == 2


def test_compliance_and_relevance_of_probes_are_curves_of_their_own(studio: Studio) -> None:
    run_id = queue(studio)
    held = claim(studio)
    train_steps(studio, held, 6)
    with studio.sessions.begin() as session:
        found = {"probe_compliance": 0.125, "probe_useful": 0.125, "probe_relevance_nats": 0.4}
        add_metrics(session, held, [Metric(step=step, name=name, value=value * step) for step in (2, 4) for name, value in found.items()])
    charts = opened(studio, run_id)["sections"]["charts"]
    assert charts.count("<svg") == 7
    assert "Probe compliance" in charts
    assert "Probe replies that follow and answer" in charts
    assert "cap 2.079" in charts  # the logarithm of eight queries


def test_an_early_end_is_said_while_the_run_goes_on_and_when_it_is_done(studio: Studio) -> None:
    says = "Training ended after step 9 of 16: the probe bound has not risen for 3 probes; went back to step 6."
    run_id = queue(studio)
    held = claim(studio)
    train_steps(studio, held, 9)
    progress(studio, held, "measuring prompt", 0, 2, notice=says)
    assert says in opened(studio, run_id)["sections"]["messages"]
    finish(studio, held, result(endings=({"iteration": 1, "says": f"{says} {HOSTILE}"},)))
    sections = opened(studio, run_id)["sections"]
    for part in ("answer", "charts"):
        assert says in sections[part]
        assert "<script" not in sections[part]


def test_a_notice_of_the_preparation_is_shown_with_its_percentage(studio: Studio) -> None:
    run_id = queue(studio)
    progress(studio, claim(studio), "preparing", 40, 100, notice="fetching the default model")
    sections = opened(studio, run_id)["sections"]
    assert "Fetching the default model" in sections["messages"]
    assert "40 %" in sections["phases"]


def test_a_failed_run_shows_cause_and_remedy_and_can_be_resumed_or_asked_for_again(studio: Studio) -> None:
    run_id = queue(studio)
    held = claim(studio)
    with studio.sessions.begin() as session:
        claims.fail(session, held, "memory", f"Memory ran out. Choose a smaller model. {HOSTILE}")
    reply = opened(studio, run_id)
    assert reply["headline"] == "Failed: memory ran out"
    assert "Choose a smaller model." in reply["sections"]["messages"]
    assert "<script>" not in reply["sections"]["messages"]
    assert 'data-action="resume"' in reply["sections"]["actions"]
    assert f"./train?from={run_id}" in reply["sections"]["actions"]


def test_stopping_is_said_until_the_checkpoint_is_saved(studio: Studio) -> None:
    run_id = queue(studio)
    held = claim(studio)
    reply = RunPage(studio).stop({"run": run_id}, asks())
    assert reply["headline"] == "Stopping: saves a checkpoint after this step"
    assert "disabled" in reply["sections"]["actions"]
    with studio.sessions.begin() as session:
        claims.mark_stopped(session, held)
    assert opened(studio, run_id)["headline"] == "Stopped"
    assert RunPage(studio).resume({"run": run_id}, asks())["headline"] == "Waiting, next in line"
    assert RunPage(studio).resume({"run": run_id}, asks())["kind"] == "problem"


def test_what_resume_would_do_is_said_as_it_is(studio: Studio) -> None:
    def stopped_says(**saved: str) -> str:
        held = claim(studio)
        progress(studio, held, "training", 0, 12, **saved)
        with studio.sessions.begin() as session:
            claims.mark_stopped(session, held)
        return str(opened(studio, held.job_id)["sections"]["messages"])

    run_id = queue(studio)
    RunPage(studio).stop({"run": run_id}, asks())
    assert "It had not begun. Resume puts it back into the queue." in opened(studio, run_id)["sections"]["messages"]
    RunPage(studio).resume({"run": run_id}, asks())
    before = stopped_says()
    assert "No step of its training was saved yet. Resume trains from the first step; replies that were finished for it are kept." in before
    RunPage(studio).resume({"run": run_id}, asks())
    assert "Resume goes on from its last checkpoint; what was saved is not done again." in stopped_says(checkpoint="iteration-1/checkpoint-000004")


def test_a_finished_run_ends_with_its_result_links_and_downloads(studio: Studio) -> None:
    run_id = queue(studio)
    finish(studio, claim(studio), result(capitals()))
    reply = opened(studio, run_id)
    assert reply["headline"] == "Finished"
    assert reply["share"] == 1.0
    for link in (
        f"./compare?run={run_id}",
        f"./runs/{run_id}/run.json",
        f"./runs/{run_id}/replies.json",
        f"./runs/{run_id}/report.csv",
        f"./runs/{run_id}/adapter.zip",
    ):
        assert link in reply["sections"]["result"]
    assert "attributable, not followed" in reply["sections"]["result"]


@pytest.mark.parametrize("method", ["bct", "act"])
def test_a_run_of_consistency_training_says_what_it_does_not_train_and_draws_no_curve_of_it(studio: Studio, method: str) -> None:
    run_id = queue(studio, changes=(f"method={method}",))
    held = claim(studio)
    progress(studio, held, "training", 6, 12, eta_s=15.0)
    charts = opened(studio, run_id)["sections"]["charts"]
    assert "Attribution accuracy" not in charts and "MI bound" not in charts and "told apart" not in charts
    finish(studio, held, complying(0.5))
    reply = opened(studio, run_id)
    assert "It does not train that replies follow more, nor that statement and antithesis are told apart better." in reply["sections"]["answer"]
    other = queue(studio, key="another-run")
    finish(studio, claim(studio), complying(0.5))
    assert "It does not train" not in opened(studio, other)["sections"]["answer"]


def test_a_run_of_a_series_leads_to_the_others_and_is_looked_at_until_all_have_ended(studio: Studio) -> None:
    ids = queue_series(studio)
    alone = queue(studio, key="asked-for-alone")
    assert opened(studio, alone)["sections"]["series"] == opened(studio, alone)["sections"]["pooled"] == ""
    waiting = opened(studio, ids[1])["sections"]
    assert "One of 3 runs that differ in their seed alone." in waiting["series"]
    assert f'<a href="./run?id={ids[2]}">Seed 2</a>' in waiting["series"]
    assert waiting["pooled"] == ""
    finish(studio, claim(studio), complying(0.9))
    first = opened(studio, ids[0])
    assert (first["status"], first["settled"]) == ("finished", False)
    assert "Only the run with seed 0 has finished" in first["sections"]["series"]
    mark = first["mark"]
    finish(studio, claim(studio), complying(0.5))
    looked = RunPage(studio).watch({"run": ids[0], "seen": mark}, asks())
    assert looked["sections"]["result"] == first["sections"]["result"]
    assert "Over 2 seeds" in looked["sections"]["pooled"]
    assert f'<a href="./runs/{ids[1]}/adapter.zip" download>' in looked["sections"]["pooled"]
    finish(studio, claim(studio), complying(0.7))
    last = opened(studio, ids[0])
    assert last["settled"]
    assert f'<a href="./run?id={ids[2]}">Run {ids[2]}</a>' in last["sections"]["pooled"]


def test_a_result_of_another_form_is_said_to_be_unreadable(studio: Studio) -> None:
    run_id = queue(studio)
    finish(studio, claim(studio), result())
    broken: list[dict[str, Any]] = [{}, {"report": {}}, {**run_result_to_data(result()), "balance": [{"title": "x"}]}]
    for stored in broken:
        with studio.sessions.begin() as session:
            run = session.get(Run, run_id)
            assert run is not None
            run.result = stored
        sections = opened(studio, run_id)["sections"]
        assert "written by another version of the studio" in sections["result"]
        assert "report.csv" not in sections["result"]


def test_measuring_says_which_arm(studio: Studio) -> None:
    run_id = queue(studio, changes=("method=sami",))
    progress(studio, claim(studio), "measuring sami-alone", 0, 1)
    reply = opened(studio, run_id)
    assert reply["headline"] == "Measuring: aligned without the constitution"
    for title in ("base with", "aligned with", "aligned without"):
        assert f"<span>Measure: {title} the constitution</span>" in reply["sections"]["phases"]


def test_a_run_that_met_no_link_offers_to_train_anyway_and_not_to_resume(studio: Studio) -> None:
    run_id = queue(studio)
    held = claim(studio)
    with studio.sessions.begin() as session:
        claims.fail(session, held, "link", "The base shows no link to this constitution, so training was not begun.")
    reply = opened(studio, run_id)
    assert reply["headline"] == "Failed: the base shows no link to the principles"
    assert f'href="./train?from={run_id}&amp;anyway=1"' in reply["sections"]["actions"]
    assert 'data-action="resume"' not in reply["sections"]["actions"]


def test_a_finished_run_says_what_the_base_did_before_training(studio: Studio) -> None:
    run_id = queue(studio)
    finish(studio, claim(studio), result(capitals(), trainability=trainability_from_data(FOUND)))
    phases = opened(studio, run_id)["sections"]["phases"]
    assert "Before training: <strong>no-go</strong>" in phases
    assert "1 of 96 replies of the base follow “<bdi>&lt;script&gt;" in phases
    assert "72% of replies are cut at 64 tokens." in phases
    assert "128 replies of the base" in phases


def test_what_models_wrote_is_shown_not_run(studio: Studio) -> None:
    run_id = queue(studio)
    held = claim(studio)
    sample(studio, held, 0, [(HOSTILE, HOSTILE, "")])
    write_log(studio, held, HOSTILE)
    progress(studio, held, "training", 0, 12, notice=HOSTILE)
    sections = opened(studio, run_id)["sections"]
    for name in ("samples", "log", "messages"):
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in sections[name]
    assert "<script" not in "".join(sections.values())
    assert "<img" not in "".join(sections.values())
    assert "(an empty reply)" in sections["samples"]


def test_nothing_is_sent_while_nothing_changes(studio: Studio) -> None:
    run_id = queue(studio)
    page, seen = RunPage(studio), opened(studio, run_id)["mark"]
    assert page.watch({"run": run_id, "seen": seen}, asks()) == {"kind": "unchanged"}
    claim(studio)
    now = page.watch({"run": run_id, "seen": seen}, asks())
    assert now["headline"] == "Starting" and now["mark"] != seen
    assert page.watch({"run": run_id}, asks()) == now  # after a restart of the server the page has seen nothing


def test_a_run_that_is_gone_leads_to_those_there_are(studio: Studio) -> None:
    assert RunPage(studio).watch({"run": 999}, asks())["kind"] == "none"


@pytest.mark.parametrize("wanted", ["", "x", "-1", "999", "9" * 40, "<script>"])
def test_an_address_that_names_no_run_offers_the_runs_there_are(studio: Studio, wanted: str) -> None:
    queue(studio)
    reply = RunPage(studio).opened({"id": wanted}, asks())
    assert reply["kind"] == "none"
    assert "./run?id=1" in reply["html"]
    assert bool(reply["message"]) == bool(wanted)


def test_nobody_gets_an_answer_without_having_passed_the_gate(studio: Studio) -> None:
    page, stranger = RunPage(studio), SimpleNamespace(state=SimpleNamespace(), query_params={})
    for name in run_module.ENDPOINTS:
        with pytest.raises(PermissionError):
            getattr(page, name)({}, stranger)


def test_durations_are_as_exact_as_an_estimate_deserves() -> None:
    said = [duration(s) for s in (1, 12, 54, 60, 89, 3 * 60, 95 * 60, 3 * 3600, 30 * 3600)]
    assert said == ["5 s", "10 s", "55 s", "1 min", "2 min", "3 min", "1 h 35 min", "3 h", "30 h"]
