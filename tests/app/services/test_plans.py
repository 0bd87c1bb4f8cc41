"""Plans: what the Train page offers, what a form would mean, and what is warned of."""

import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.present.preview import preview_html
from app.services import plans, previews, query_sets
from app.services.constitutions import archive
from app.services.studio import Studio
from core.engine.default_model import DEFAULT_MODEL, DEFAULT_NOTICE
from core.errors import ConfigError, ConstitutionError
from core.methods.settings import PRESETS
from tests.app.planting import (
    HARDWARE,
    add_plain_version,
    form,
    make_studio,
    measure,
    queue,
)
from tests.app.services.test_base_models import model_folder
from tests.rounds.volume import fill


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def test_versions_are_offered_newest_first_and_not_of_archived_constitutions(studio: Studio) -> None:
    newest = add_plain_version(studio, "Mine", "Be brief.")
    offered = plans.choices(studio)
    assert offered.versions[0].id == newest
    assert len(offered.versions) == 6
    archive(studio, offered.versions[0].constitution_id, "Ann")
    assert newest not in [version.id for version in plans.choices(studio).versions]


def test_models_are_the_operators_the_default_and_those_used_before(studio: Studio, tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "tiny")
    queue(studio, model=folder)
    chosen = replace(studio, settings=replace(studio.settings, model="org/chosen"))
    assert plans.choices(chosen).models == ("org/chosen", DEFAULT_MODEL, folder)


def test_a_preview_says_what_is_known_before_anything_was_measured(studio: Studio) -> None:
    preview = previews.preview(studio, form(studio))
    assert preview.hardware is None
    assert preview.estimate is None
    assert DEFAULT_NOTICE in preview.notes
    assert preview.warnings == ()


def test_a_preview_estimates_once_the_machine_was_measured(studio: Studio) -> None:
    measure(studio)
    preview = previews.preview(studio, form(studio))
    assert preview.hardware == HARDWARE
    assert preview.estimate is not None
    assert 30 < preview.estimate.total_s < 240
    assert list(preview.preset_minutes) == list(PRESETS)
    assert sorted(preview.preset_minutes.values()) == list(preview.preset_minutes.values())


def test_the_command_line_is_quoted_and_names_what_differs_from_the_preset(studio: Studio, tmp_path: Path) -> None:
    version = add_plain_version(studio, "It's $HOME; rm -rf", "Be brief.", "bulleted_list")
    folder = model_folder(tmp_path / "a model")
    chosen = form(studio, version_id=version, model=folder, seed=7, changes=("learning_rate=2e-4", "sampling.max_new_tokens=96", "passes=1"))
    command = previews.preview(studio, chosen).command
    words = shlex.split(command)
    assert words[:4] == ["python", "-m", "app", "train"]
    assert words[words.index("--model") + 1] == folder
    assert words[words.index("--constitution") + 1] == "it-s-home-rm-rf-v1.yaml"
    assert words[words.index("--queries") + 1] == "everyday-queries.jsonl"
    assert words[words.index("--seed") + 1] == "7"
    assert [words[i + 1] for i, word in enumerate(words) if word == "--set"] == ["learning_rate=0.0002", "sampling.max_new_tokens=96"]


def test_a_query_set_smaller_than_the_preset_is_used_whole_and_said_so(studio: Studio) -> None:
    few, _ = query_sets.upload(studio, b"query,split\nWhy?,train\nHow?,train\nWhen?,held_out\nWho?,held_out\n", "few.csv")
    notes = previews.preview(studio, form(studio, query_set_id=few.id)).notes
    assert any("2 train queries where 48 are asked for" in note for note in notes)
    assert any("2 held-out queries where 24 are asked for" in note for note in notes)


def test_iterations_that_a_small_query_set_cannot_feed_are_refused(studio: Studio) -> None:
    few, _ = query_sets.upload(studio, b"query,split\nWhy?,train\nHow?,train\nWhere?,train\nWhen?,held_out\nWho?,held_out\n", "few.csv")
    with pytest.raises(ConfigError, match="of 3 train queries iteration 2 would have 1"):
        previews.preview(studio, form(studio, query_set_id=few.id, preset="standard", changes=("method=sami",)))
    assert previews.preview(studio, form(studio, query_set_id=few.id)).plan.config.iterations == 1


def test_replies_as_long_as_the_context_are_refused(studio: Studio, tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "tiny")
    read = previews.preview(studio, form(studio, model=folder)).plan.model.shape
    assert read is not None
    with pytest.raises(ConfigError, match="reads at most") as refused:
        previews.preview(studio, form(studio, model=folder, changes=(f"sampling.max_new_tokens={read.context_tokens}",)))
    assert refused.value.setting == "sampling.max_new_tokens"


def test_too_few_queries_left_to_probe_are_said_and_the_settings_of_probes_can_be_changed(studio: Studio) -> None:
    rows = "".join(f"Question {i}?,{'train' if i < 134 else 'held_out'}\n" for i in range(140))
    small, _ = query_sets.upload(studio, f"query,split\n{rows}".encode(), "small.csv")
    standard = form(studio, query_set_id=small.id, preset="standard", changes=("method=sami", "train_queries=33", "patience=2", "max_repetition_rise=0.3"))
    preview = previews.preview(studio, standard)
    assert (preview.plan.config.patience, preview.plan.config.max_repetition_rise, preview.plan.config.probe_every) == (2, 0.3, 4)
    assert not any("probed" in note for note in preview.notes)  # 134 - 33 - 66 = 35 are left
    tight = previews.preview(studio, replace(standard, changes=("method=sami", "train_queries=65"))).notes  # 67 - 65 of one half, and none of the other
    assert any("probed on 2 queries where 8 are asked for" in note for note in tight)
    none = previews.preview(studio, replace(standard, changes=("method=sami", "train_queries=67"))).notes
    assert any("not probed" in note for note in none)


def test_scenarios_are_counted_before_the_click_and_what_is_not_used_is_said(studio: Studio) -> None:
    measure(studio)
    few, _ = query_sets.upload(studio, b"query,split\nWhy?,train\nHow?,train\nWhere?,train\nWhen?,held_out\nWho?,held_out\n", "few.csv")
    own = [{"query": "WHY"}, {"query": "What?"}, {"query": "Which?", "use": "train"}, {"query": "who", "use": "train"}]
    version = add_plain_version(studio, "Tried", "Be brief.", scenarios=own)
    preview = previews.preview(studio, form(studio, version_id=version, query_set_id=few.id))
    assert preview.plan.amount.queries == (3,)  # How, Where and Which
    assert '<dt>Scenarios</dt><dd><span class="cs-number">1 trained on, 2 measured beside the held-out queries</span>' in preview_html(preview)
    assert "1 train query asks what a test scenario asks, so it is not trained on." in preview.notes
    assert "1 train scenario asks what a held-out query asks, so it is not trained on." in preview.notes
    plain = previews.preview(studio, form(studio, version_id=add_plain_version(studio, "Plain", "Be brief."), query_set_id=few.id))
    assert "Scenarios" not in preview_html(plain)
    assert preview.estimate is not None and plain.estimate is not None
    assert preview.estimate.seconds["measuring mipo"] > plain.estimate.seconds["measuring mipo"]


def test_training_anyway_can_be_asked_for_on_the_page_and_is_true_or_false(studio: Studio) -> None:
    assert plans.make_plan(studio, form(studio, changes=("train_anyway=true",))).config.train_anyway is True
    with pytest.raises(ConfigError, match="train_anyway must be true or false, got 'yes'"):
        plans.make_plan(studio, form(studio, changes=("train_anyway=yes",)))


def test_too_little_memory_and_too_long_a_constitution_are_warned_of(studio: Studio, tmp_path: Path) -> None:
    measure(studio, replace(HARDWARE, memory_available_bytes=500_000_000))
    folder = model_folder(tmp_path / "tiny")
    long = add_plain_version(studio, "Long", "word " * 700)
    memory, context = previews.preview(studio, form(studio)).warnings, previews.preview(studio, form(studio, model=folder, version_id=long)).warnings
    assert any("0.5 GB were free" in text for text in memory)
    assert any("reads at most 256" in text for text in context)


def test_of_a_constitution_without_checks_it_is_said_what_will_judge_its_replies(studio: Studio) -> None:
    plain = add_plain_version(studio, "Plain", "Be kind.")
    says = "No principle has a check, so whether replies follow them is not judged until somebody marks replies, or a check is added."
    assert says in previews.preview(studio, form(studio, version_id=plain)).notes


def test_a_check_that_replies_are_too_short_to_fail_is_said_before_the_click(studio: Studio) -> None:
    short = previews.preview(studio, form(studio, changes=("sampling.max_new_tokens=20",))).notes
    assert any("(max_words: 20) cannot fail: replies have at most 20 tokens" in note for note in short)
    assert not any("cannot fail" in note for note in previews.preview(studio, form(studio, changes=("sampling.max_new_tokens=21",))).notes)


def test_offline_a_hub_model_could_not_be_looked_up(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    measure(studio)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    preview = previews.preview(studio, form(studio, model="some/model"))
    assert preview.estimate is None
    assert any("could not be looked up" in note for note in preview.notes)


def test_a_version_that_cannot_be_trained_on_is_refused(studio: Studio) -> None:
    same = add_plain_version(studio, "Same", "The other way.")
    with pytest.raises(ConstitutionError, match="same text"):
        previews.preview(studio, form(studio, version_id=same))


def test_of_a_constitution_with_many_versions_the_newest_are_offered_and_one_that_is_named(studio: Studio) -> None:
    fill(studio, constitutions=1, versions=plans.VERSIONS_OFFERED + 3)
    of_it = [version for version in plans.choices(studio).versions if version.constitution == "Constitution 0"]
    assert [version.number for version in of_it] == list(range(plans.VERSIONS_OFFERED + 3, 3, -1))
    oldest = of_it[-1].id - 3
    assert [version.number for version in plans.choices(studio, oldest).versions if version.constitution == "Constitution 0"][-1] == 1


ELECTIONS = "Name the source of each statistic on taxes, pensions or schools, give the strongest argument of each party, and never tell citizens how to vote."


def test_a_text_about_something_is_told_which_queries_have_to_do_with_it(studio: Studio) -> None:
    add_plain_version(studio, "Elections", ELECTIONS)
    sets = {view.name: view.id for view in query_sets.list_query_sets(studio)}

    def told(name: str, queries: str) -> str:
        preview = previews.preview(studio, form(studio, name, query_set_id=sets[queries]))
        assert not any("By words alone" in note for note in preview.notes), "it stands at the field, and nowhere else"
        return preview.queries_note

    assert "about public policy" in told("Elections", "Everyday queries") and "Of “Questions of policy”" in told("Elections", "Everyday queries")
    assert told("Elections", "Questions of policy") == told("Brevity", "Everyday queries") == ""
