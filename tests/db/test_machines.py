"""Places of work and what was measured there, on a real SQLite file."""

from db import machines
from db.session import Sessions


def test_what_is_known_about_a_machine_is_replaced(sessions: Sessions) -> None:
    with sessions.begin() as s:
        assert machines.get_machine(s, "here") is None
        machines.put_machine(s, "here", {"cores": 2})
        first = machines.get_machine(s, "here")
        assert first is not None
        measured_at = first.measured_at
    with sessions.begin() as s:
        machines.put_machine(s, "here", {"cores": 4})
        second = machines.get_machine(s, "here")
        assert second is not None
        assert second.hardware == {"cores": 4}
        assert second.measured_at > measured_at


def test_the_place_that_was_served_last_is_the_one_that_estimates_ask(sessions: Sessions) -> None:
    with sessions.begin() as s:
        assert machines.serving_machine(s) is None
        machines.put_machine(s, "here", {"cores": 2})
    with sessions.begin() as s:
        machines.put_machine(s, "cluster", {"cores": 64})
    for place in ("cluster", "here", "never measured"):
        with sessions.begin() as s:
            machines.mark_served(s, place)
    with sessions.read() as s:
        serving, other = machines.serving_machine(s), machines.get_machine(s, "cluster")
        assert serving is not None
        assert other is not None
        assert (serving.place, serving.hardware) == ("here", {"cores": 2})
        assert other.measured_at < other.served_at < serving.served_at
