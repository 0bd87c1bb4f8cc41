import os
import subprocess
import sys
import threading

import psutil
import pytest

from app.processes.lifeline import identity_of, is_alive, on_parent_gone, own_identity

WAITING_CHILD = """
import threading
from app.processes.lifeline import on_parent_gone
gone = threading.Event()
calls = []
on_parent_gone(lambda: (calls.append(1), gone.set()))
print("waiting", flush=True)
assert gone.wait(20)
print(f"told {len(calls)} time", flush=True)
"""


def supervised(code: str) -> subprocess.Popen[str]:
    environment = os.environ | {"STUDIO_SUPERVISED": "1"}
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True)


def test_a_child_is_told_once_when_the_pipe_closes() -> None:
    with supervised(WAITING_CHILD) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "waiting\n"
        child.stdin.write("words on the pipe are not its end\n")
        child.stdin.flush()
        assert child.poll() is None
        assert child.communicate(timeout=20) == ("told 1 time\n", "")


def test_a_child_is_told_when_its_parent_is_killed() -> None:
    parent = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {WAITING_CHILD!r}], stdin=subprocess.PIPE)
child.wait()
"""
    with supervised(parent) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.kill()
        assert process.stdout.readline() == "told 1 time\n"


def test_a_process_can_end_while_its_lifeline_still_waits() -> None:
    with supervised("from app.processes.lifeline import on_parent_gone; on_parent_gone(print)") as child:
        assert child.wait(20) == 0
        assert child.communicate() == ("", "")


def test_a_process_without_a_supervisor_waits_for_nobody() -> None:
    before = threading.active_count()
    assert on_parent_gone(lambda: None, environ={}) is None
    assert threading.active_count() == before


def test_this_process_is_alive_and_recognises_itself() -> None:
    assert own_identity() == identity_of(os.getpid())
    assert is_alive(own_identity()) is True


def test_a_process_that_ended_is_dead_before_and_after_it_is_reaped() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = identity_of(child.pid)
    assert is_alive(identity) is True
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert is_alive(identity) is False  # a zombie
    child.communicate()
    assert is_alive(identity) is False
    with pytest.raises(psutil.NoSuchProcess):
        identity_of(child.pid)


def test_a_later_process_with_the_same_id_is_not_taken_for_the_first() -> None:
    assert is_alive(own_identity() | {"started": "1 ticks"}) is False


def test_nothing_is_claimed_about_processes_of_other_hosts() -> None:
    assert is_alive(own_identity() | {"host": "elsewhere"}) is None
    assert is_alive({}) is None
