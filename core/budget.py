"""What may run long on somebody's input runs in a child process that can die, under a deadline and a bound of memory.

A regular expression, a parser or a template cannot be stopped from within: it holds the interpreter, signals included. A child can always be
ended. Children are started ahead and used again; one that was ended is replaced at once. Each has a pipe of its own, so that a child that dies
in the middle of a word takes nobody's lock with it. They end with this process, however that ends: the pipe closes, and while a child works
the system itself ends it soon after its deadline. Imports no torch.
"""

import atexit
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import Pipe
from typing import Any, TypeVar

from core.errors import BusyError, OverBudgetError

CHILDREN = 2
START_S = 60.0  # for the imports of a child, on a machine that is busy with something else
PATIENCE_S = 3.0  # how long somebody waits for a free child
MOST_WAITING = 8  # who comes after these is told at once
READING = ("core.constitution.files", "core.constitution.reading.query_files", "core.measure.judging", "core.constitution.changes")

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Limit:
    """What is done, in words, and how long it may take."""

    what: str  # begins a sentence, such as “Reading the file”
    seconds: float  # until the answer, or between two of many
    remedy: str  # a sentence


class _Child:
    """One child process, and this end of its pipe."""

    def __init__(self, imports: Sequence[str], idle_s: float) -> None:
        self.pipe, theirs = Pipe()
        command = [sys.executable, "-m", "core.budget_child", str(theirs.fileno()), str(idle_s), *imports]
        with theirs:  # in the group of this process, so that whoever kills the group kills it too
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=(theirs.fileno(),))
        self.ready = False
        self.busy = False  # with something that it has not answered: of no use to anybody else

    @property
    def runs(self) -> bool:
        return self.process.poll() is None

    def ask(self, limit: Limit, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        """What the function returns or raises, from over there.

        Raises:
            OverBudgetError: It took too long or too much memory, or the child died over it. The child is of no more use.
        """
        self._begin(limit, (function, arguments, limit.seconds, False))
        answer: T = self._next(limit.seconds, limit)[1]
        return answer

    def each(self, limit: Limit, function: Callable[..., Iterable[T]], arguments: tuple[Any, ...]) -> Generator[T, None, None]:
        """What the function gives, one after the other as it comes; else as `ask`."""
        self._begin(limit, (function, arguments, limit.seconds, True))
        while (told := self._next(limit.seconds, limit))[0] == "item":
            yield told[1]

    def _begin(self, limit: Limit, question: tuple[Any, ...]) -> None:
        self.busy = True
        if not self.ready:
            self._next(START_S, limit)
            self.ready = self.busy = True
        with self._mourned(limit):
            self.pipe.send(question)

    def _next(self, seconds: float, limit: Limit) -> tuple[str, Any]:
        with self._mourned(limit):
            if not self.pipe.poll(seconds):
                raise OverBudgetError(f"{limit.what} took more than {limit.seconds:g} seconds, so it was stopped. {limit.remedy}")
            told: tuple[str, Any] = self.pipe.recv()
        if told[0] == "memory":
            raise OverBudgetError(f"{limit.what} needs more memory than it may have, so it was stopped. {limit.remedy}")
        self.busy = told[0] == "item"
        if told[0] == "raised":
            raise told[1]
        return told

    @contextmanager
    def _mourned(self, limit: Limit) -> Iterator[None]:
        """Its death in words."""
        try:
            yield
        except (EOFError, ConnectionError) as error:
            raise OverBudgetError(self._death(limit)) from error

    def _death(self, limit: Limit) -> str:
        self.process.wait()
        return f"{limit.what} ended the process that did it (status {self.process.returncode}), most likely for want of memory. {limit.remedy}"

    def end(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.wait()


@dataclass
class Pool:
    """A few children. Whoever asks waits for a free one, for a bounded time."""

    imports: Sequence[str]  # modules that a child imports ahead
    size: int = CHILDREN
    idle_s: float = 600.0  # a child that nobody asked for this long leaves; the next question starts another
    patience_s: float = PATIENCE_S
    _idle: list[_Child] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _waiting: int = 0

    def __post_init__(self) -> None:
        self._free = threading.Semaphore(self.size)
        atexit.register(self.close)

    def within(self, limit: Limit, function: Callable[..., T], *arguments: Any) -> T:
        """Have a child call a top-level function with arguments that can be pickled.

        Raises:
            OverBudgetError: It took too long, too much memory, or died. The message says what, and what to do.
            BusyError: All children are busy, and were for as long as one can wait.
        """
        with self._child(limit) as child:
            return child.ask(limit, function, arguments)

    def each(self, limit: Limit, function: Callable[..., Iterable[T]], *arguments: Any) -> Generator[T, None, None]:
        """Have a child call a top-level function that gives many answers, and give them on as they come; each has the time of the limit.

        Raises:
            OverBudgetError: As `within`; answers that came before it count.
            BusyError: As `within`.
        """
        with self._child(limit) as child:
            yield from child.each(limit, function, arguments)

    def warm(self) -> None:
        """Start children that are not there yet. Returns at once; they import while nobody waits."""
        with self._lock:
            self._idle += [_Child(self.imports, self.idle_s) for _ in range(self.size - len(self._idle))]

    def close(self) -> None:
        """End the children that nobody uses now."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()

    @contextmanager
    def _child(self, limit: Limit) -> Iterator[_Child]:
        self._wait_for_turn(limit)
        child: _Child | None = None
        try:
            child = self._take()
            yield child
        finally:
            if child is not None:
                if child.busy:  # it hangs or is dead, or nobody wants to hear the rest
                    child.end()
                    child = _Child(self.imports, self.idle_s)  # imports while nobody waits
                with self._lock:
                    self._idle.insert(len(self._idle) if child.ready else 0, child)
            self._free.release()

    def _wait_for_turn(self, limit: Limit) -> None:
        busy = BusyError(f"{limit.what} has to wait, since others have asked for much at this moment. Try again in a few seconds.")
        with self._lock:
            if self._waiting >= MOST_WAITING:
                raise busy
            self._waiting += 1
        try:
            if not self._free.acquire(timeout=self.patience_s):
                raise busy
        finally:
            with self._lock:
                self._waiting -= 1

    def _take(self) -> _Child:
        """A child that runs: the one that was used last, so that others can leave."""
        while True:
            with self._lock:
                child = self._idle.pop() if self._idle else None
            if child is None:
                return _Child(self.imports, self.idle_s)
            if child.runs:
                return child
            child.end()


# Of this process, for texts and files that strangers bring; without a child until somebody asks or warms it. What gives many answers may take
# a minute, so it has a child of its own, and those who type do not wait for it.
SHORT, LONG = Pool(READING), Pool(READING, size=1)


def within(limit: Limit, function: Callable[..., T], *arguments: Any) -> T:
    """`Pool.within`, for what is short."""
    return SHORT.within(limit, function, *arguments)


def each(limit: Limit, function: Callable[..., Iterable[T]], *arguments: Any) -> Generator[T, None, None]:
    """`Pool.each`, for what is long."""
    return LONG.each(limit, function, *arguments)
