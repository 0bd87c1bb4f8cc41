"""Kill what trains at random moments, again and again, and see that every run ends as if it had been left alone.

    python -m tests.rounds.training_kills [--kills 1000] [--minutes 600] [--seed 0] [--who trainer,attempt,host,web] [--studios 2]

Real studios, one beside the other. A run is queued, and while it goes on one process after the other is killed: the trainer, the attempt
with its whole group, the web process, or the model host while Compare asks it. An attempt may die twice before a new checkpoint; a third
death would end its run, as it should, so that one is spared until the checkpoint is there. Whatever was killed, the run must finish, and
adapter, record, figures, curve and replies must be those of the same run left alone; the model host must answer the next question, and
the same. Exit status 1 when anything differs, with the seed and the moments.
"""

import argparse
import math
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from app.services.comparisons import CompareForm, redo, start_comparison
from db.claims import MAX_CRASHES
from db.status import JobStatus
from db.tables import Job
from tests.rounds.studios import ENDED, Left, Whole, whole_studio

WHO = {"attempt": 12, "trainer": 3, "host": 3, "web": 1}  # how often each is chosen; the supervisor waits longer each time with those it starts itself
NAMES = {"host": "model-host"}  # as they are started, where that is another name
PLANS = 3  # runs that differ, each left alone once
AT_WORK = ("attempt", "trainer")  # whose death may end an attempt at a run
LIVES_S = 5.0  # at most, from when the last death is in the row; mostly from when the next attempt has begun with its work
EARLY = 0.3  # share of the kills that may also come while an attempt starts
LOOK_S = 0.1
ANSWER_S = 6.0  # the host is killed at most this long after it was asked
ANSWERED_WITHIN_S = ENDED_WITHIN_S = 300.0
QUESTION = "Why is the sky blue?"
SAMPLING = {"max_new_tokens": 24, "temperature": 0.7, "top_p": 1.0}

Reply = dict[str, tuple[str, object]]


@dataclass(frozen=True)
class Bound:
    """When a round has killed enough."""

    kills: int
    minutes: float = math.inf


@dataclass
class Tally:
    """What was done in a studio, and what came of it."""

    seed: int
    kills: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    equal: int = 0
    answers: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        told = ", ".join(f"{count:,} of the {name}" for name, count in self.kills.most_common())
        answers = f"{self.answers:,} replies of the model host" if self.answers else "the model host not asked"
        return f"{self.kills.total():,} kills ({told}), {self.runs:,} runs, {self.equal:,} equal to those left alone, {answers}, {len(self.wrong)} differences"

    def __add__(self, other: "Tally") -> "Tally":
        numbers = (self.runs + other.runs, self.equal + other.equal, self.answers + other.answers)
        return Tally(self.seed, self.kills + other.kills, *numbers, self.wrong + other.wrong)


@dataclass
class Asker:
    """Somebody who puts the same question to the same run, and knows the reply."""

    studio: Whole
    run_id: int
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    asked: Future[list[Reply]] | None = None

    def __post_init__(self) -> None:
        self.expected = self.reply()

    def reply(self) -> Reply:
        """What all arms answer; what a dead host has left unfinished is finished by the next."""
        form = CompareForm(run_id=self.run_id, version_id=None, query=QUESTION, side="statement", seed=0, sampling=SAMPLING)
        deadline = time.monotonic() + ANSWERED_WITHIN_S
        *_, view = start_comparison(self.studio.studio, "you", form)
        while view.unfinished:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no answer within {ANSWERED_WITHIN_S:.0f} s; last: {view.problem}")
            time.sleep(0.5)
            *_, view = redo(self.studio.studio, view.id)
        return {pane.arm.key: (pane.text, pane.token_scores) for pane in view.panes}

    def ask(self) -> None:
        """Ask now, and once more when that is answered."""
        self.asked = self.pool.submit(lambda: [self.reply(), self.reply()])

    @property
    def waits(self) -> bool:
        return self.asked is not None and not self.asked.done()

    def hear(self, tally: Tally) -> None:
        """Compare what was answered."""
        asked, self.asked = self.asked, None
        if asked is None:
            return
        try:
            replies = asked.result()
        except Exception as error:
            tally.wrong.append(f"seed {tally.seed}: Compare was not answered: {error!r}")
            return
        tally.answers += len(replies)
        tally.wrong += [f"seed {tally.seed}: the model host answered {reply}, before {self.expected}" for reply in replies if reply != self.expected]


@dataclass
class Round:
    """One studio while its processes are killed."""

    studio: Whole
    rng: random.Random
    who: Sequence[str]
    tally: Tally
    alone: list[Left]
    asker: Asker | None
    kills: int
    deadline: float = math.inf  # on the clock of `time.monotonic`

    @property
    def goes_on(self) -> bool:
        return self.tally.kills.total() < self.kills and time.monotonic() < self.deadline

    def run(self, number: int) -> None:
        """Queue a run, kill until it ends, and compare it."""
        plan, told = self.rng.randrange(len(self.alone)), list[str]()
        run_id, killed, began = self.studio.queue(plan, f"killed-{number}"), 0, time.monotonic()
        while (victim := self._next(run_id, killed)) is not None:
            job = self.studio.job(run_id)
            if self._kill(victim):
                killed = job.attempt if victim in AT_WORK else killed
                self.tally.kills[victim] += 1
                if self.tally.kills.total() % 10 == 0:
                    print(self.tally, flush=True)
                told.append(f"{victim} killed after {time.monotonic() - began:.2f} s, in {_where(job)}")
        self.tally.runs += 1
        wrong = self.studio.left(run_id).differs_in(self.alone[plan])
        self.tally.equal += not wrong
        if wrong:
            told.append(f"in the end {_where(self.studio.job(run_id))}")
            self.tally.wrong.append(f"seed {self.tally.seed}: run {run_id} (plan {plan}) differs in {', '.join(wrong)}; {'; '.join(told)}")

    def _next(self, run_id: int, killed: int) -> str | None:
        """Whose turn it is, when it has come; None when the run has ended, as it has to once there were kills enough, or does not go on."""
        victim = self.rng.choices(self.who, [WHO[name] for name in self.who])[0]
        wait_s, deadline = self.rng.uniform(0, LIVES_S), time.monotonic() + ENDED_WITHIN_S
        early = self.rng.random() < EARLY
        due: float | None = None  # once the studio's patience bears it
        while (job := self.studio.job(run_id)).status not in ENDED and time.monotonic() < deadline:
            begun = early or (job.status == JobStatus.RUNNING and job.phase != "starting")
            if due is None and begun and self.goes_on and (victim not in AT_WORK or _may_die(job, killed)):
                due = time.monotonic() + wait_s
            if due is not None and time.monotonic() >= due:
                return victim
            time.sleep(LOOK_S)
        return None

    def _kill(self, victim: str) -> bool:
        if victim != "host" or self.asker is None:
            return self.studio.kill(NAMES.get(victim, victim))
        if self.asker.waits:
            return False
        self.asker.hear(self.tally)
        self.asker.ask()
        time.sleep(self.rng.uniform(0, ANSWER_S))
        return self.asker.waits and self.studio.kill("model-host")


def _may_die(job: Job, killed: int) -> bool:
    """Whether the studio's own patience bears another death: the last one is in the row, and it is not the last but one."""
    return job.status == JobStatus.RUNNING and job.attempt > killed and job.crashes < MAX_CRASHES - 1


def _where(job: Job) -> str:
    return f"{job.phase} {job.step}/{job.total_steps} of attempt {job.attempt} ({job.status}, {job.crashes} deaths since the last checkpoint)"


def kill_while_training(data: Path, bound: Bound, seed: int, who: Sequence[str] = tuple(WHO), plans: int = PLANS) -> Tally:
    """What came of so many kills, or of so long a time, in a studio of its own."""
    rng, tally, deadline = random.Random(seed), Tally(seed), time.monotonic() + 60 * bound.minutes
    with whole_studio(data) as studio:
        alone = [studio.leave_alone(plan) for plan in range(plans)]  # while the others start
        studio.wait()
        asker = Asker(studio, studio.first_run) if "host" in who else None
        going = Round(studio, rng, who, tally, alone, asker, bound.kills, deadline)
        number = 0
        while going.goes_on:
            going.run(number := number + 1)
        if asker is not None:
            asker.hear(tally)
        studio.wait()  # all of them are there again
    return tally


def main() -> int:
    """Run the round."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=600.0, help="no kill after these, however many there were")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--who", default=",".join(WHO), help="who is killed")
    parser.add_argument("--studios", type=int, default=2, help="how many stand beside each other")
    asked = parser.parse_args()
    who = asked.who.split(",")
    if unknown := set(who) - set(WHO):
        parser.error(f"--who names {', '.join(sorted(unknown))}; there are {', '.join(WHO)}")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # of all that are started from here; as many as there are cores would stand in each other's way
    began = time.monotonic()
    spawned = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as data, ProcessPoolExecutor(asked.studios, spawned) as pool:
        each = [
            pool.submit(kill_while_training, Path(data) / str(number), Bound(-(-asked.kills // asked.studios), asked.minutes), asked.seed + number, who)
            for number in range(asked.studios)
        ]
        tally = sum((done.result() for done in each), Tally(asked.seed))
    print(*tally.wrong, f"In {time.monotonic() - began:,.0f} s: {tally}", sep="\n")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
