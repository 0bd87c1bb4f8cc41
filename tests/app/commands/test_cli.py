"""The command line as a stranger uses it: real processes, real files, readable errors, exact exit statuses."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from app.cli import parser
from app.services.exposed import EXPOSED
from core.methods.arms import METHODS, arm_from_data
from core.methods.recipes import PROPOSED_RECIPE
from tests.app import warm
from tests.app.commands.calling import CONSTITUTION, PLAIN, SMALL, cold, run, train_arguments
from tests.app.warm import ROOT


def test_train_leaves_an_adapter_a_record_and_a_table(trained, files):
    out, done = trained
    record = json.loads((out / "run.json").read_text())
    assert record["config"]["seed"] == 3
    assert record["packages"]["torch"].startswith("2.13.0")
    assert len(record["constitution_sha256"]) == 64
    assert len(record["metrics"]) == 4
    assert "MI bound" in done.stdout
    assert "training 4/4" in done.stderr
    adapter = json.loads((out / "adapter" / "adapter_config.json").read_text())
    assert adapter["base_model_name_or_path"] == "model"  # a folder's name: its path is nobody else's business
    assert record["model"] == {"id": "model", "revision": None} and str(files) not in json.dumps(record)


def test_what_page_and_command_line_propose_is_one_method():
    asked = parser().parse_args(["train", "--constitution", "c", "--queries", "q", "--out", "o"])
    offered = next(setting for setting in EXPOSED if setting.name == "method")
    assert asked.method == offered.options[0][0] == PROPOSED_RECIPE


def test_a_published_pair_of_lists_is_read_wherever_a_constitution_is(files, tmp_path):
    (tmp_path / "pair.json").write_text(json.dumps({"positive": "1. Be brief.", "negative": "1. Be long."}))
    arguments = ["reply", "--constitution", tmp_path / "pair.json", "--queries", files / "q.jsonl", "--model", files / "model", "--out", tmp_path / "r.jsonl"]
    done = cold(*arguments, "--max-new-tokens", 3, folder=files)
    assert done.returncode == 0, done.stderr
    (tmp_path / "pair.json").write_text(json.dumps({"positive": "1. Be brief.", "negative": "1. Be brief."}))
    done = run(*arguments, folder=files)
    assert done.returncode == 1 and done.stderr.startswith("error: `positive` and `negative` say the same")


def test_stock_peft_and_transformers_load_the_adapter(trained, files):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(files / "model")
    assert PeftModel.from_pretrained(base, trained[0] / "adapter").active_adapter == "default"


def test_measure_gives_the_figures_of_the_run(trained, files):
    out, _ = trained
    done = cold("measure", "--constitution", files / "c.yaml", "--adapter", out / "adapter", "--queries", files / "q.jsonl", "--json", folder=files)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)["result"]
    assert str(files / "model") not in done.stdout
    assert result == json.loads((out / "run.json").read_text())["result"]
    assert {line["arm"] for line in result["rows"]} == {"prompt", "sami", "sami-alone"}
    assert [line["n"] for line in result["rows"] if line.get("split") == "scenarios"] == [1] * 5  # two arms under either side, one alone


@pytest.mark.parametrize(
    ("options", "key"),
    [
        (["--as", "none"], "base"),
        (["--as", "antithesis"], "prompt"),
        (["--adapter", "ADAPTER"], "sami"),
        (["--adapter", "ADAPTER", "--as", "none"], "sami-alone"),
        (["--arm", "sami", "--set", "strength=0.5", "--adapter", "ADAPTER"], "sami strength=0.5"),
        (["--arm", "context"], "context"),
        (["--arm", "base", "--adapter", "ADAPTER"], "base"),
    ],
)
def test_reply_writes_a_row_a_query_with_its_method_and_its_arm(trained, files, options, key, tmp_path):
    options = [str(trained[0] / "adapter") if option == "ADAPTER" else option for option in options]
    target = tmp_path / "replies.jsonl"
    base = ["reply", "--constitution", files / "c.yaml", "--queries", files / "q.jsonl", "--model", files / "model", "--max-new-tokens", 5, "--out", target]
    done = run(*base, *options, folder=files)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in target.read_text().splitlines()]
    assert len(rows) == 16
    assert {(row["method"], row["arm"]["key"]) for row in rows} == {(key.partition(" ")[0], key)}
    assert set(rows[0]) == {"query", "response", "as", "method", "arm", "seed", "adapter"}
    assert (rows[0]["adapter"] is None) == (key in ("base", "prompt", "context"))
    assert arm_from_data(rows[0]["arm"]).key == key


def test_the_base_replies_alike_with_and_without_an_adapter_beside_it(trained, files, tmp_path):
    """The measured base replies of the run are those that `reply` gives without an adapter."""
    out, _ = trained
    target = tmp_path / "base.jsonl"
    options = ["--seed", 3, "--max-new-tokens", 6, "--temperature", 1]
    run("reply", "--constitution", files / "c.yaml", "--queries", files / "q.jsonl", "--model", files / "model", *options, "--out", target, folder=files)
    replies = {row["query"]: row["response"] for row in map(json.loads, target.read_text().splitlines())}
    measured = json.loads((out / "replies-prompt-000.json").read_text())
    assert [replies[row["query"]] for row in measured if row["side"] == "statement"] == [row["text"] for row in measured if row["side"] == "statement"]


def test_ctrl_c_saves_and_the_same_command_resumes(files, tmp_path):
    out = tmp_path / "cut"
    arguments = train_arguments(files, out, "passes=1000", "sample_every=100000")
    environ = os.environ | {"STUDIO_DATA": str(files / "data")}
    process = subprocess.Popen(
        [sys.executable, "-m", "app", *map(str, arguments)], cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 90
    while not (out / "curve.json").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "The same command goes on from there" in errors
    step = max(int(folder.name.removeprefix("checkpoint-")) for folder in out.glob("iteration-1/checkpoint-*"))
    ours, theirs = os.pipe()
    with open(os.devnull, "r+") as nothing, os.fdopen(theirs, "w") as complains:
        again = warm.start(arguments, environ, (nothing.fileno(), nothing.fileno(), complains.fileno()))
    with os.fdopen(ours) as errors:
        first = next(line for line in errors if line.startswith("training"))
    again.kill()
    again.join()
    assert first.startswith(f"training {step + 1}/")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "--constitution", "no.yaml", "--queries", "q", "--out", "o"], "no.yaml"),
        (["train", "--constitution", "C", "--queries", "no.jsonl", "--out", "o"], "no query file no.jsonl"),
        (["train", "--constitution", "C", "--queries", "Q", "--out", "OUT", "--model", "not a model"], "neither a model folder"),
        (["train", "--constitution", "C", "--queries", "Q", "--out", "OUT", "--set", "pases=3"], "Unknown setting 'pases'"),
        (["train", "--constitution", "C", "--queries", "Q", "--out", "OUT", "--set", "n_constitutions=4"], "in only 2 ways. Set n_constitutions to 2"),
        (["train", "--constitution", "C", "--queries", "Q", "--out", "OUT", "--method", "mipo", "--set", "n_constitutions=3"], "n_constitutions is 3"),
        (["train", "--constitution", "C", "--queries", "Q", "--out", "OUT", "--set", "train_queries=1"], "train_queries is 1"),
        (["train", "--constitution", "C", "--queries", "FEW", "--out", "OUT", "--set", "iterations=2"], "of 3 train queries iteration 2 would have 1"),
        (["check", "--constitution", "C", "--queries", "Q", "--set", "n_constitutions=4"], "in only 2 ways"),
        (["measure", "--constitution", "C", "--queries", "Q", "--adapter", "nowhere", "--model", "M"], "adapter_config.json"),
        (["measure", "--constitution", "C", "--queries", "Q", "--arm", "sami"], "needs an adapter. Add --adapter DIR"),
        (["measure", "--constitution", "C", "--queries", "Q"], "Add --adapter DIR, the `adapter` folder of a run, or --arm KEY"),
        (["reply", "--constitution", "C", "--queries", "Q", "--out", "OUT", "--arm", "aligned"], "known are base, prompt, sami"),
        (["reply", "--constitution", "C", "--queries", "Q", "--out", "OUT", "--arm", "context", "--set", "alpha=9"], "between 0 and 1.5, got 9"),
        (["reply", "--constitution", "C", "--queries", "Q", "--out", "OUT", "--arm", "context", "--set", "alpha"], "alpha must be a number"),
        (["reply", "--constitution", "C", "--queries", "Q", "--out", "OUT", "--set", "alpha=1"], "Unknown setting 'alpha' of prompt"),
        (["reply", "--constitution", "C", "--queries", "Q", "--out", "OUT", "--arm", "prompt", "--as", "none"], "--as none does not go with it"),
    ],
)
def test_an_error_is_one_readable_line_on_standard_error(files, tmp_path, arguments, words):
    few = tmp_path / "few.csv"
    few.write_text("query,split\nWhy?,train\nHow?,train\nWhen?,train\nWho?,held_out\nWhat?,held_out\n")
    (plain := tmp_path / "plain.yaml").write_text(PLAIN)
    names = {"C": plain, "Q": files / "q.jsonl", "OUT": tmp_path / "out", "M": files / "model", "FEW": few}
    done = run(*[names.get(argument, argument) for argument in arguments], folder=files)
    assert done.returncode == 1
    errors = [line for line in done.stderr.splitlines() if not line.startswith("preparing")]
    assert len(errors) == 1
    assert errors[0].startswith("error: ")
    assert words in errors[0]
    assert done.stdout == "" or "de-quantised" in done.stdout


def test_at_its_control_value_an_arm_replies_as_its_control(trained, files, tmp_path):
    asked = ["reply", "--constitution", files / "c.yaml", "--queries", files / "q.jsonl", "--model", files / "model", "--max-new-tokens", 5, "--seed", 1]
    adapter = ["--adapter", trained[0] / "adapter"]
    arms = {"prompt": [], "sami strength=0": ["--arm", "sami", "--set", "strength=0", *adapter], "context alpha=0": ["--arm", "context", "--set", "alpha=0"]}
    replies = {}
    for key, options in arms.items():
        done = run(*asked, *options, "--temperature", 1, "--out", tmp_path / "r.jsonl", folder=files)
        assert done.returncode == 0, done.stderr
        rows = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
        assert {row["arm"]["key"] for row in rows} == {key}
        replies[key] = [row["response"] for row in rows]
    assert replies["prompt"] == replies["sami strength=0"] == replies["context alpha=0"]


def test_any_arm_can_be_measured_against_the_base(trained, files):
    question = ["measure", "--constitution", files / "c.yaml", "--queries", files / "q.jsonl", "--model", files / "model", "--limit", 3, "--json"]
    done = run(*question, "--arm", "context", "--set", "alpha=1", folder=files)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["arm"]["key"], told["adapter_sha256"]) == ("context alpha=1", None)


def test_an_adapter_at_another_strength_is_measured_at_that_strength(trained, files):
    question = ["measure", "--constitution", files / "c.yaml", "--queries", files / "q.jsonl", "--adapter", trained[0] / "adapter", "--json"]
    done = run(*question, "--set", "strength=0.5", folder=files)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [each["arm"]["key"] for each in told["result"]["arms"]] == ["prompt", told["arm"]["key"], "base"] == ["prompt", "sami strength=0.5", "base"]


def test_an_adapter_is_not_taken_for_that_of_another_recipe(trained, files, tmp_path):
    asked = ["reply", "--constitution", files / "c.yaml", "--queries", files / "q.jsonl", "--arm", "mipo", "--adapter", trained[0] / "adapter"]
    done = run(*asked, "--out", tmp_path / "r.jsonl", folder=files)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "was made with sami, so it is none for the arm mipo" in done.stderr


def test_arms_lists_the_table(files):
    listed = {row["key"]: row for row in json.loads(cold("arms", "--json", folder=files).stdout)}
    assert list(listed) == list(METHODS)
    assert listed["sami"]["needs"] == ["constitution", "adapter"]
    (strength,) = listed["sami"]["settings"]
    assert (strength["name"], strength["low"], strength["high"], strength["default"], strength["control"]) == ("strength", 0, 3, 1, 0)
    lines = run("arms", folder=files).stdout.splitlines()
    assert re.split(" {2,}", next(line for line in lines if line.startswith("sami "))) == [
        "sami",
        "Aligned with the constitution",
        "needs constitution, adapter",
    ]
    assert "strength: Strength of the adapter, from 0 to 3, default 1; at 0 exactly prompt" in [line.strip() for line in lines]


def test_help_answers_a_stranger():
    done = cold("--help", folder=ROOT / "nowhere")
    assert done.returncode == 0
    for command in ("train", "reply", "measure", "doctor"):
        assert command in done.stdout


def test_doctor_finds_nothing_wrong_with_a_new_folder(files):
    done = cold("doctor", "--json", folder=files)
    findings = json.loads(done.stdout)
    assert done.returncode == 0, findings
    assert {"sqlite", "hardware", "versions"} <= {finding["what"] for finding in findings}


def test_check_says_no_go_with_reason_and_status(files, tmp_path):
    settings = [part for setting in SMALL for part in ("--set", setting)]
    question = ["check", "--constitution", files / "c.yaml", "--queries", files / "q.jsonl", "--model", files / "model", *settings]
    (tmp_path / "never.yaml").write_text(CONSTITUTION.replace("max_words: 20", "contains: xyzzy"))
    refused = run(*question[:2], tmp_path / "never.yaml", *question[3:], folder=files)
    assert refused.returncode == 1, refused.stderr
    assert refused.stdout.splitlines()[:2] == [
        "Before training: no-go.",
        "0 of 24 replies of the base follow “Be brief”: there is nothing that training could make more of. Ask for something that this model sometimes does.",
    ]
    shown = refused.stdout.splitlines()
    assert "Be brief, under the statement, does not follow the statement: 3 of 24 replies:" in shown
    assert sum(" -> " in line for line in shown) == 6
    told = cold(*question, "--json", folder=files)
    found = json.loads(told.stdout)
    assert told.returncode == (1 if found["verdict"] == "no-go" else 0)
    assert found["principles"][0]["replies"] >= 4
    stopped = run(
        *train_arguments(files, tmp_path / "run", "train_anyway=false")[:2],
        tmp_path / "never.yaml",
        *train_arguments(files, tmp_path / "run", "train_anyway=false")[3:],
        folder=files,
    )
    assert stopped.returncode == 1
    assert "train_anyway" in stopped.stderr.splitlines()[-1]


def test_propose_reads_a_check_off_a_statement_without_a_model(tmp_path):
    found = run("propose", "--check", "--statement", "Answer in at most twenty words.", "--json", folder=tmp_path)
    assert json.loads(found.stdout) == {"check": {"max_words": 20}, "says": "The reply has at most 20 words."}
    none = run("propose", "--check", "--statement", "Never use emoji.", folder=tmp_path)
    assert (none.returncode, none.stdout) == (1, "")
    assert none.stderr.startswith("error: No check can be read off this statement.")
    assert "--check reads a statement" in run("propose", "--check", "--wish", "Short answers.", folder=tmp_path).stderr
