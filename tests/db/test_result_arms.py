"""Results and metrics that were stored before there were arms, brought to their new form."""

import json
from typing import Any

from alembic import command
from sqlalchemy import JSON, Engine, text

from db import schema
from db.session import make_engine

NUMBERS = {"value": 0.5, "low": 0.3, "high": 0.7, "n": 24}


def policy(value: float) -> dict[str, Any]:
    figure = {**NUMBERS, "value": value}
    names = ("mi_bound_nats", "mi_bound_summed_nats", "attribution", "base_mi_bound_nats", "base_attribution", "base_surprise_nats")
    sides = {"statement": figure, "antithesis": figure}
    return {
        **dict.fromkeys((*names, "loops", "refusals", "mentions", "empty", "kl_nats"), figure),
        "confusion": [[24, 0], [0, 24]],
        "words": sides,
        "repetition": sides,
    }


def old_result() -> dict[str, Any]:
    """As the version before wrote it."""
    sides = {"statement": NUMBERS, "antithesis": NUMBERS}
    principle = {
        "title": "Be brief",
        "check": "max_words: 20",
        "base": sides,
        "aligned": sides,
        "change": NUMBERS,
        "separation": {**NUMBERS, "value": 0.4},
        "mi_bound_nats": {"base": NUMBERS, "aligned": {**NUMBERS, "value": 0.6}},
        "attribution": {"base": NUMBERS, "aligned": {**NUMBERS, "value": 0.9}},
        "base_attribution": {**NUMBERS, "value": 0.8},
        "verdict": "followed",
        "sentence": "“Be brief” is followed.",
    }
    return {
        "n_queries": 24,
        "split": "held-out",
        "sides": ["statement", "antithesis"],
        "cap_nats": 0.6931471805599453,
        "base": policy(0.1),
        "aligned": policy(0.2),
        "principles": [principle],
        "trainability": {"verdict": "go"},
        "dropped_queries": {"equal": 2},
        "balance": [],
        "endings": [{"iteration": 1, "says": "Training ended early."}],
        "duration_s": 128.4,
    }


def migrated(url: str, results: list[Any]) -> Engine:
    """A database of the schema before that holds runs with these results, brought to the next; run i has the i-th."""
    engine = make_engine(url)
    with engine.begin() as connection:
        command.upgrade(schema.alembic_config(connection), "0002")
        connection.execute(text("INSERT INTO constitution VALUES (1, 'Brevity', '', :no, NULL, '2026-11-01')"), {"no": False})
        connection.execute(text("INSERT INTO version VALUES (1, 1, 1, NULL, 'first', 'ann', '2026-11-01', '{}', 'abc')"))
        connection.execute(text("INSERT INTO query_set VALUES (1, 'Everyday', 'here', '[]', '{}', 'abc', '2026-11-01')"))
        for i, result in enumerate(results, 1):
            connection.execute(
                text(
                    "INSERT INTO run (id, version_id, query_set_id, model, config, status, attempt, crashes, cancel_requested, phase, step, total_steps,"
                    " adapter_sha256, result, requested_by, request_key, created_at, queued_at) VALUES (:id, 1, 1, 'tiny', '{}', 'finished', 1, 0, :no,"
                    " 'measuring aligned', 1, 1, 'ff', :result, 'ann', :key, '2026-11-01', '2026-11-01')"
                ),
                {"id": i, "no": False, "result": json.dumps(result) if result is not None else None, "key": f"key-{i}"},
            )
            for name in ("kl_nats", "loss_nats"):
                connection.execute(text("INSERT INTO run_metric VALUES (:id, :name, 1, 0.25)"), {"id": i, "name": name})
        command.upgrade(schema.alembic_config(connection), "0003")
    return engine


def results_of(engine: Engine) -> list[Any]:
    with engine.begin() as connection:
        return list(connection.execute(text("SELECT result FROM run ORDER BY id").columns(result=JSON)).scalars())


def test_base_and_aligned_become_arms_with_every_figure_under_a_name_that_says_its_direction(empty_url: str) -> None:
    engine = migrated(empty_url, [old_result()])
    (found,) = results_of(engine)
    old, report = old_result(), found["report"]
    assert {name: found[name] for name in ("trainability", "dropped_queries", "endings", "duration_s")} == {
        name: old[name] for name in ("trainability", "dropped_queries", "endings", "duration_s")
    }
    for row, name, key in zip(report["arms"], ("base", "aligned"), ("prompt", "sami"), strict=True):
        assert (row["arm"]["key"], row["arm"]["in_prompt"]) == (key, True)
        assert row["kl_policy_base_nats"] == old[name]["kl_nats"]
        assert {field: value for field, value in row.items() if field in old[name]} == {
            field: value for field, value in old[name].items() if field != "kl_nats"
        }
    assert report["arms"][1]["arm"]["artifact"] == {"kind": "adapter", "place": "", "sha256": "ff"}
    principle = report["principles"][0]
    assert principle["compliance"] == {"prompt": old["principles"][0]["base"], "sami": old["principles"][0]["aligned"]}
    assert principle["attribution"]["sami"]["value"] == 0.9
    assert principle["base_attribution"]["sami"]["value"] == 0.8
    assert [(change["name"], change["before"]["arm"], change["after"]["arm"], change["figure"]["value"]) for change in principle["changes"]] == [
        ("over prompting", "prompt", "sami", 0.5),
        ("depends on the text", "sami", "sami", 0.4),
    ]
    assert (principle["verdict"], principle["sentence"]) == ("followed", "“Be brief” is followed.")
    with engine.begin() as connection:
        assert connection.execute(text("SELECT name, value FROM run_metric ORDER BY name")).all() == [("kl_base_policy_nats", 0.25), ("loss_nats", 0.25)]
        assert connection.execute(text("SELECT phase FROM run")).scalar() == "measuring sami"
    engine.dispose()


def test_results_of_even_earlier_runs_have_null_for_what_was_not_measured_then(empty_url: str) -> None:
    old = old_result()
    for name in ("sides", "balance", "endings", "trainability", "dropped_queries"):
        del old[name]
    for name in ("confusion", "mi_bound_summed_nats", "base_attribution", "base_surprise_nats"):
        del old["base"][name], old["aligned"][name]
    for name in ("mi_bound_nats", "attribution", "base_attribution"):
        del old["principles"][0][name]
    engine = migrated(empty_url, [old])
    (found,) = results_of(engine)
    report = found["report"]
    assert report["sides"] == ["statement", "antithesis"]
    assert report["arms"][0]["base_surprise_nats"] == {"value": None, "low": None, "high": None, "n": 0}
    assert report["arms"][0]["attribution"] == old["base"]["attribution"]
    assert (report["principles"][0]["attribution"], found["balance"], found["trainability"]) == ({}, [], None)
    engine.dispose()


def test_what_is_no_result_is_left_as_it_is_and_never_ends_the_migration(empty_url: str) -> None:
    strange: list[Any] = [None, {"mi": None}, [1], "text", {"base": {}, "aligned": {}, "principles": [7, {"base": 3}]}]
    engine = migrated(empty_url, strange)
    found = results_of(engine)
    assert found[:4] == strange[:4]
    assert [row["title"] for row in found[4]["report"]["principles"]] == [""]
    engine.dispose()
