"""What never ends, eats memory or dies does it in a child process, and is told in words; the next one is answered all the same."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from core.budget import Limit, Pool
from core.constitution.reading.yaml_text import read_yaml
from core.errors import BusyError, ConstitutionError, OverBudgetError
from tests.core.slow import slowly

LIMIT = Limit(what="Reading the file", seconds=1.0, remedy="Shorten it.")
PATIENT = Limit(what="Reading the file", seconds=60.0, remedy="Shorten it.")


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    made = Pool((), size=1, patience_s=0.2)
    yield made
    made.close()


def test_an_answer_comes_back_from_a_child_that_is_used_again(pool: Pool) -> None:
    pids = {pool.within(PATIENT, os.getpid) for _ in range(3)}
    assert len(pids) == 1 and os.getpid() not in pids


def test_what_the_function_raises_comes_back_as_it_is(pool: Pool) -> None:
    with pytest.raises(ConstitutionError, match="in line 1"):
        pool.within(PATIENT, read_yaml, "a: b: c")


@pytest.mark.parametrize(
    ("function", "argument", "says"),
    [
        (time.sleep, 60, r"Reading the file took more than 1 seconds, so it was stopped\. Shorten it\."),
        (eval, "[0] * 10**10", r"needs more memory than it may have, so it was stopped\. Shorten it\."),
        (os._exit, 7, r"ended the process that did it \(status 7\)"),
        (eval, "__import__('re').match('(a|a)*$', 'a' * 60 + 'b')", "took more than 1 seconds"),  # holds the interpreter, signals included
    ],
)
def test_what_hangs_or_dies_is_told_and_the_next_one_is_answered(pool: Pool, function: Callable[..., object], argument: object, says: str) -> None:
    before = pool.within(PATIENT, os.getpid)
    with pytest.raises(OverBudgetError, match=says):
        pool.within(LIMIT, function, argument)
    assert not psutil.pid_exists(before)
    assert pool.within(PATIENT, os.getpid) != before


def test_many_answers_may_take_longer_than_the_deadline_of_each(pool: Pool) -> None:
    assert list(pool.each(Limit(what="Judging", seconds=2.0, remedy=""), slowly, 22)) == list(range(22))
    assert pool.within(PATIENT, len, "abc") == 3


def test_answers_that_came_before_one_that_hangs_are_kept(pool: Pool) -> None:
    came: list[int] = []
    with pytest.raises(OverBudgetError, match="Reading the file took more than 1 seconds"):
        came.extend(pool.each(LIMIT, slowly, 5, 3))
    assert came == [0, 1, 2]
    assert pool.within(PATIENT, len, "abc") == 3


def test_who_stops_listening_gets_no_rest_with_the_next_answer(pool: Pool) -> None:
    answers = pool.each(PATIENT, slowly, 1_000)
    assert next(answers) == 0
    answers.close()
    assert pool.within(PATIENT, len, "abc") == 3


def test_who_comes_while_all_children_are_busy_waits_for_a_bounded_time_and_is_told(pool: Pool) -> None:
    pool.within(PATIENT, os.getpid)
    others = threading.Thread(target=lambda: pool.within(PATIENT, time.sleep, 2.0))
    others.start()
    time.sleep(0.1)
    with pytest.raises(BusyError, match=r"Reading the file has to wait.*Try again"):
        pool.within(PATIENT, os.getpid)
    others.join()
    assert pool.within(PATIENT, os.getpid)


def test_a_child_that_nobody_asks_leaves_and_another_one_comes() -> None:
    pool = Pool((), size=1, idle_s=0.1)
    first = psutil.Process(pool.within(PATIENT, os.getpid))
    assert first.wait(10) == 0
    assert pool.within(PATIENT, os.getpid) != first.pid
    pool.close()


PARENT = """
import sys, threading, time
from core.budget import Limit, Pool
pool = Pool((), size=2)
pool.warm()
limit = Limit(what="x", seconds=1.0, remedy="")
pool.within(Limit(what="x", seconds=60.0, remedy=""), len, "x")
threading.Thread(target=lambda: pool.within(limit, eval, "[0 for _ in iter(int, 1)]"), daemon=True).start()
print("ready", flush=True)
time.sleep(60)
"""


def test_children_end_with_the_process_that_started_them_even_in_the_middle_of_work() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert parent.stdout is not None
    with parent.stdout:
        assert parent.stdout.readline() == b"ready\n"
        children = psutil.Process(parent.pid).children()
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert len(children) == 2
        _, left = psutil.wait_procs(children, timeout=20)
    assert left == []
