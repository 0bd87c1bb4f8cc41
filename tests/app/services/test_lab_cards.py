"""Cards of a battery on its page: blind until all are picked, kept as they are made, and counted in what the battery found."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.processes.protocol import job_key
from app.services.deleting import delete_lab, picks_to_lose
from app.services.lab_cards import Picked, Reading, make_pick, reading, take_back_pick
from app.services.lab_found import count_cards, found_by, probe_states
from app.services.lab_jobs import lab_view, list_labs
from app.services.studio import RefusedError, Studio
from core.errors import ConfigError, StudioError
from core.lab.meaning import Meaning
from db.audit import list_entries
from db.errors import StoreError
from tests.app.labs import claim_lab, finished_lab, queue_lab, write_files
from tests.app.planting import make_studio
from tests.core.lab.test_people import CARDS

OWN = {card.shown: card.own for card in CARDS}


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def pick_all(studio: Studio, lab: int, who: str = "Ada") -> Reading:
    at = reading(studio, who, lab)
    for i in range(len(CARDS)):
        assert at.card is not None
        at = make_pick(studio, who, lab, Picked(card=at.card.card, pick=OWN[at.card.card], request_key=f"click-{who}-{i}"))
    return at


def test_cards_are_picked_one_by_one_with_names_at_the_end_and_counted_in_the_result(studio: Studio) -> None:
    lab = finished_lab(studio)
    before = found_by(studio, lab)
    assert before is not None and before.principles[0].meaning is Meaning.CODE
    at = reading(studio, "Ada", lab)
    assert (at.done, at.total, at.last, at.by_principle, at.read) == (0, 12, None, (), ())
    assert at.card is not None and "Brief" not in str(at.card) and not hasattr(at.card, "own")
    at = pick_all(studio, lab)
    assert at.card is None and at.done == at.total == 12 and at.by_principle[0].share.value == 1.0
    assert {card.principle for card in at.read} == {"Brief"} and all(card.right for card in at.read)
    after = found_by(studio, lab)
    assert after is not None and after.principles[0].meaning is Meaning.FORM
    assert "Ada, 12 cards" in str(after.records[0].result)
    assert reading(studio, "Bob", lab).done == 0


def test_the_last_pick_is_taken_back_and_its_card_seen_again(studio: Studio) -> None:
    lab = finished_lab(studio)
    first = reading(studio, "Ada", lab)
    assert first.card is not None
    picked = Picked(card=first.card.card, pick=None, request_key="click-one-1")
    second = make_pick(studio, "Ada", lab, picked)
    assert make_pick(studio, "Ada", lab, picked) == second and second.done == 1 and second.last is not None
    with pytest.raises(RefusedError, match="no pick"):
        take_back_pick(studio, "Bob", lab, second.last)
    assert take_back_pick(studio, "Ada", lab, second.last) == first


def test_what_cannot_be_picked_is_said_in_words(studio: Studio) -> None:
    waiting = queue_lab(studio)
    with pytest.raises(RefusedError, match="has no cards yet"):
        reading(studio, "Ada", waiting)
    claim_lab(studio)
    lab = finished_lab(studio, key="a-battery-2")
    card = reading(studio, "Ada", lab).card
    assert card is not None
    with pytest.raises(ConfigError, match="2 texts to choose from; there is no number 3"):
        make_pick(studio, "Ada", lab, Picked(card=card.card, pick=2, request_key="click-one-1"))
    with pytest.raises(ConfigError, match="none of the battery any more"):
        make_pick(studio, "Ada", lab, Picked(card="0" * 64, pick=0, request_key="click-one-1"))


def test_cards_that_were_damaged_are_told_and_the_result_stays(studio: Studio) -> None:
    lab, held = queue_lab(studio), claim_lab(studio)
    write_files(studio, held, {"cards.json": {"query": 7}})
    with pytest.raises(ConfigError, match="cannot be read"):
        reading(studio, "Ada", lab)
    assert count_cards(studio, lab) == 0


def test_a_probe_is_done_as_soon_as_its_file_is_there(studio: Studio) -> None:
    lab = queue_lab(studio, probes=("prompt", "readers"))
    assert [each.state for each in probe_states(studio, lab_view(studio, lab))] == ["waits", "waits"]
    held = claim_lab(studio)
    assert [each.state for each in probe_states(studio, lab_view(studio, lab))] == ["now", "waits"]
    write_files(studio, held, {"probes/prompt.json": {}})
    assert [(each.key, each.state) for each in probe_states(studio, lab_view(studio, lab))] == [("prompt", "done"), ("readers", "now")]


def test_one_that_has_ended_is_deleted_with_its_files_and_picks(studio: Studio) -> None:
    lab = finished_lab(studio)
    pick_all(studio, lab)
    assert picks_to_lose(studio.sessions, lab) == {"Ada": 12}
    delete_lab(studio.sessions, studio.store, lab)
    assert list_labs(studio) == [] and not studio.store.exists(job_key(lab))
    with pytest.raises(StudioError, match="no battery"):
        picks_to_lose(studio.sessions, lab)
    with studio.sessions.read() as session:
        assert [entry.what for entry in list_entries(session) if entry.subject == f"job {lab}"] == ["lab.asked-for", "lab.deleted"]


def test_one_that_waits_or_runs_is_stopped_before_it_can_be_deleted(studio: Studio) -> None:
    lab = queue_lab(studio)
    with pytest.raises((StudioError, StoreError), match=f"Battery {lab} is queued. Stop it"):
        delete_lab(studio.sessions, studio.store, lab)
