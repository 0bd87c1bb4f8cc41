"""What arms are called within sentences."""

import pytest

from core.methods.arms import METHODS, Artifact, inner_title, make_arm, needs_adapter, trained_name


@pytest.mark.parametrize(
    ("method", "settings", "title"),
    [
        ("prompt", {}, "base with the constitution"),
        ("sami", {"strength": 0.5}, "aligned with the constitution, strength 0.5"),
        ("mipo", {}, "MIPO with the constitution"),
        ("context", {}, "context-aware decoding"),
    ],
)
def test_a_title_within_a_sentence_begins_small_unless_it_is_in_capitals(method, settings, title):
    assert inner_title(make_arm(method, settings=settings)) == title


def test_both_arms_of_an_adapter_make_one_model_which_has_a_name():
    adapter = Artifact(kind="adapter", place="", sha256="ab")
    names = {key: trained_name(arm) for key in METHODS if needs_adapter(arm := make_arm(key, artifact=adapter))}
    assert names == {"sami": "aligned", "sami-alone": "aligned", "mipo": "MIPO", "mipo-alone": "MIPO"}
