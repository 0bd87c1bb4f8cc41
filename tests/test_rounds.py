"""The short rounds of what docs/reliability.md tries at length."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.app.planting import make_studio
from tests.bench.answers import ask
from tests.rounds.editors import edit_at_once
from tests.rounds.fuzz_calls import Fault, fuzz, target
from tests.rounds.kills import kill_web
from tests.rounds.servers import serving
from tests.rounds.training_kills import Bound, kill_while_training
from tests.rounds.volume import ASKED, fill, times


def test_nothing_that_a_stranger_sends_is_answered_with_a_fault(tmp_path: Path) -> None:
    def faults() -> list[Fault]:
        with target(tmp_path / "data") as at:
            return [fault for fault in fuzz(at, 200, seed=11) if fault is not None and not fault.slow]  # how long it took is for the long round

    with ThreadPoolExecutor(1) as apart:  # a browser that was opened before leaves its event loop in this thread
        assert apart.submit(faults).result() == []


def test_no_acknowledged_save_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    came = kill_web(tmp_path, kills=3, editors=2, seed=5)
    assert [loss for person in came.people for loss in person.lost] == [] and came.intact
    assert sum(person.saves for person in came.people) > 0


def test_several_editors_at_once_lose_nothing_and_are_refused_nothing(tmp_path: Path) -> None:
    people = edit_at_once(tmp_path, editors=4, saves=8)
    assert [person.lost + person.refused for person in people] == [[]] * 4
    assert all(person.saves >= 8 for person in people)


def test_a_run_whose_processes_are_killed_ends_as_if_it_had_been_left_alone(tmp_path: Path) -> None:
    tally = kill_while_training(tmp_path, Bound(kills=1), seed=time.time_ns() % 1_000_000, who=("attempt", "trainer"), plans=1)  # a difference names the seed
    assert tally.wrong == [] and tally.equal == tally.runs > 0
    assert tally.kills.total() == 1


def test_every_page_opens_on_many_versions(tmp_path: Path) -> None:
    studio = make_studio(tmp_path)
    fill(studio, constitutions=3, versions=12)
    studio.engine.dispose()
    assert len(times(tmp_path)) == len(ASKED)


def test_answers_leave_nothing_behind(tmp_path: Path) -> None:
    """Of long lists, so that a server that kept them would have grown by a quarter."""
    studio = make_studio(tmp_path)
    fill(studio, constitutions=50, versions=1)
    studio.engine.dispose()
    with serving(tmp_path) as server:
        assert server.process.pid is not None
        after = list(ask(server.url, server.process.pid, answers=600, every=200))
    assert after[-1].mib < 1.1 * after[0].mib, after
