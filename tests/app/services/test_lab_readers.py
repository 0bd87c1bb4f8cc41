"""A reader at an endpoint that goes away: it is asked a few times more, and then nobody waits for it."""

from dataclasses import dataclass

from app.services.judges import Told
from app.services.lab import endpoint_reader
from app.services.model_judging import FAILED_IN_ROW

AWAY = "h cannot be reached"


@dataclass
class Answering:
    """An endpoint that answers as it is told, once a question, and then no more."""

    answers: list[bool]
    asked: int = 0
    model: str = "m"
    host: str = "h"

    def open(self, pause) -> "Answering":
        return self

    def ask(self, question) -> Told:
        self.asked += 1
        return Told(text="A") if self.answers and self.answers.pop(0) else Told(text="", failure=AWAY)


def test_an_endpoint_that_is_away_is_not_asked_for_ever():
    endpoint = Answering([])
    reader = endpoint_reader(endpoint)
    assert [reader.ask("s", "u") for _ in range(10)] == [("", AWAY)] * 10
    assert endpoint.asked == FAILED_IN_ROW


def test_an_answer_in_between_begins_the_count_anew():
    endpoint = Answering([False] * (FAILED_IN_ROW - 1) + [True])
    reader = endpoint_reader(endpoint)
    told = [reader.ask("s", "u") for _ in range(10)]
    assert told.count(("A", "")) == 1
    assert endpoint.asked == 2 * FAILED_IN_ROW
