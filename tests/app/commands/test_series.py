"""`train --seeds N`: a folder for each seed, what they come to, and going on from there."""

import json
from dataclasses import replace

import pytest

from app.commands.series import train_series
from core.constitution.files import parse_yaml
from core.constitution.queries import Query
from core.errors import ConfigError, LinkError
from core.methods.settings import TrainConfig
from core.progress import Stopped
from core.runs.plan import RunPlan
from core.settings import ModelReference
from tests.app.commands.calling import CONSTITUTION, run, train_arguments
from tests.app.results import complying

PLAN = RunPlan(
    constitution=parse_yaml(CONSTITUTION),
    queries=(Query("Why?", "train"), Query("How?", "held_out")),
    model=ModelReference(id="m"),
    config=TrainConfig(seed=4),
)


def series(out):
    return json.loads((out / "series.json").read_text())


def trained_with(shares, asked=None):
    """Stands for `execute`: a share of compliance by seed, or what is raised."""

    def train(plan, folder):
        if asked is not None:
            asked.append((plan.config.seed, folder.name))
        found = shares[plan.config.seed]
        if isinstance(found, Exception):
            raise found
        return complying(found).report

    return train


def test_seeds_are_trained_in_their_folders_and_pooled_and_what_is_done_is_not_done_again(files, tmp_path):
    out = tmp_path / "out"
    done = run(*train_arguments(files, out), "--seeds", "2", folder=files)
    assert done.returncode == 0, done.stderr
    records = [json.loads((out / f"seed-{seed}" / "run.json").read_text()) for seed in (3, 4)]
    assert [record["config"]["seed"] for record in records] == [3, 4]
    told = series(out)
    assert told["runs"] == [{"folder": f"seed-{seed}", "seed": seed, "status": "finished"} for seed in (3, 4)]
    assert told["use"] in ("seed-3/adapter", "seed-4/adapter")
    assert (out / told["use"] / "adapter_config.json").exists()
    for line in told["result"]["rows"]:
        by_run = [next(row for row in record["result"]["rows"] if (row["measure"], row["arm"]) == (line["measure"], line["arm"])) for record in records]
        assert [seed["value"] for seed in line["by_seed"]] == [row["value"] for row in by_run]
    assert "Result over 2 seeds (3, 4)" in done.stdout
    assert done.stdout.splitlines()[-1] == f"Adapter to use: {out / told['use']}"
    before = {path: path.stat().st_mtime_ns for path in out.glob("seed-*/**/*") if path.is_file()}
    again = run(*train_arguments(files, out), "--seeds", "2", folder=files)
    assert again.returncode == 0, again.stderr
    assert again.stderr.count("is done already.") == 2
    assert {path: path.stat().st_mtime_ns for path in out.glob("seed-*/**/*") if path.is_file()} == before
    assert series(out) == told
    other = run(*train_arguments(files, out, "passes=1"), "--seeds", "2", folder=files)
    assert other.returncode == 1
    assert "holds another run: its config differ" in other.stderr
    assert series(out) == told


@pytest.mark.parametrize("seeds", ["0", "11", "-1", "1.5", "many"])
def test_as_many_seeds_as_nobody_can_have_are_refused(files, tmp_path, seeds):
    done = run(*train_arguments(files, tmp_path / "out"), f"--seeds={seeds}", folder=files)
    assert done.returncode == 2
    assert f"must be a whole number from 1 to 10, got '{seeds}'" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_seed_with_which_nothing_can_be_learned_is_told_and_left_out(tmp_path, capsys):
    asked = []
    status = train_series(PLAN, 3, tmp_path, trained_with({4: 0.9, 5: LinkError("No link.\nMore."), 6: 0.5}, asked))
    assert (status, asked) == (1, [(4, "seed-4"), (5, "seed-5"), (6, "seed-6")])
    told = series(tmp_path)
    assert [each["status"] for each in told["runs"]] == ["finished", "failed: No link", "finished"]
    assert (told["result"]["seeds"], told["result"]["left_out"], told["use"]) == ([4, 6], [{"seed": 5, "why": "failed: No link"}], "seed-6/adapter")
    said = capsys.readouterr()
    assert "Seed 5 is left out: No link." in said.err
    assert "Not in the figures: seed 5 (failed: No link)." in said.out


def test_a_series_of_which_one_run_finished_is_told_as_that(tmp_path, capsys):
    assert train_series(PLAN, 2, tmp_path, trained_with({4: LinkError("No link."), 5: 0.5})) == 1
    told = series(tmp_path)
    assert (told["use"], told["result"]) == (None, None)
    assert told["says"] == "Only the run with seed 5 has finished: what other seeds give can be said when at least two have."
    assert told["says"] in capsys.readouterr().out


def test_what_was_stopped_or_broke_is_in_the_record_and_the_others_stay_in_it(tmp_path):
    with pytest.raises(Stopped):
        train_series(PLAN, 4, tmp_path, trained_with({4: 0.9, 5: 0.5, 6: Stopped()}))
    told = series(tmp_path)
    assert [each["status"] for each in told["runs"]] == ["finished", "finished", "stopped", "not finished"]
    assert told["result"]["left_out"] == [{"seed": 6, "why": "stopped"}, {"seed": 7, "why": "not finished"}]
    with pytest.raises(OSError, match="no room"):
        train_series(PLAN, 2, tmp_path / "other", trained_with({4: 0.9, 5: OSError("no room")}))
    assert [each["status"] for each in series(tmp_path / "other")["runs"]] == ["finished", "not finished"]


def test_seeds_beyond_the_last_one_are_refused_before_anything_is_trained(tmp_path):
    asked = []
    with pytest.raises(ConfigError, match="seed must be between 0 and"):
        train_series(replace(PLAN, config=TrainConfig(seed=2**63 - 2)), 3, tmp_path / "out", trained_with({}, asked))
    assert asked == []
    assert not (tmp_path / "out").exists()
