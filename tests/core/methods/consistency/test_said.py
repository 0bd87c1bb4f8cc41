"""What is said before such a run: nothing about a contrast that it does not make."""

import pytest

from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle
from core.engine.sampling import Response
from core.methods.settings import preset
from core.runs.checked import Checked, CheckedReplies, answers_for
from core.runs.trainability import BaseReplies, trainability_of

TEXT = Constitution(name="N", principles=(Principle(title="Brief", statement="Be brief.", antithesis="Be long.", check=Check("max_words", 2)),))


def response(text):
    return Response(token_ids=(1, 2), text=text, ended=False)


@pytest.mark.parametrize(("method", "warned"), [("sami", True), ("bct", False), ("act", False)])
def test_only_a_contrast_is_warned_of_sides_that_are_the_same(method, warned):
    """One query of four has the same text on both sides; all replies are cut."""
    queries = tuple("abcd")
    statement = tuple((response("It rains."),) for _ in queries)
    flipped = (((response("It rains."),), *((response("It rains on and on."),) for _ in queries[1:])),)
    replies = BaseReplies(queries=queries, statement=statement, flipped=flipped)
    notes = trainability_of(TEXT, replies, preset("quick", method=method)).notes
    assert sum("are cut at 64 tokens" in note for note in notes) == 1
    assert sum("same text under statement and antithesis" in note for note in notes) == warned


@pytest.mark.parametrize(("asked", "run", "fits"), [("sami", "mipo", True), ("bct", "act", True), ("mipo", "bct", False), ("act", "sami", False)])
def test_a_check_that_speaks_of_a_contrast_is_used_by_methods_alone_that_make_one(asked, run, fits):
    replies = CheckedReplies(queries=("a",), statement=(("It rains.",),), flipped=((("It rains.",),),))
    checked = Checked(found=None, replies=replies)  # what was found is not looked at
    assert answers_for(preset("quick", method=asked), checked, preset("quick", method=run), ["a"]) == fits
