"""How long a run will still take: told by phase, from what was estimated beforehand and the pace that it has had so far. Imports no torch.

The pace holds for the whole attempt: a phase that begins is not taken for as slow, or as fast, as it was estimated to be. What an earlier
attempt left is passed over in no time, and is no pace.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

TRUST_SHARE = 0.005  # of the whole estimate: measured work of this much weighs as much as the estimate itself
FORGOTTEN_SHARE = 0.1  # of the whole estimate: after as much more work what was measured counts half, since phases differ in kind
OWN_SHARE = 0.3  # of a phase: as much of it done, and its own pace weighs as much as the attempt's
FOUND_SHARE = 0.02  # of its estimate: a unit that takes less was found done already
CONTRADICTS = 1.5  # a whole run that takes so many times what was estimated, or as much less, was estimated for another machine
MOST_RISE = 1.45  # of what is told, against all that was told within the last `LOOK_S`
LOOK_S = 2.0  # how often somebody looks, and some
UNEVEN = "preparing"  # loading, fetching and asking are no measure of what follows


@dataclass
class Pace:
    """The pace of one attempt. Tell it of every report; it says how many seconds the run will still take."""

    seconds: Mapping[str, float]  # `Estimate.seconds` of the run
    is_known: bool = True  # whether they are of this machine and model; else only their proportions count
    spent_s: float = 0.0  # measured, on work estimated at `worth_s`
    worth_s: float = 0.0
    whole_s: float = 0.0  # the same, with nothing forgotten
    whole_worth_s: float = 0.0
    phase: str = ""
    begun_at: float = 0.0  # of what this attempt measured of the phase
    begun_with: float = 0.0  # share of the phase that was done then
    at: float = 0.0
    done: int = 0
    total: int = 0
    share: float = 0.0  # of the phase
    told: deque[tuple[float, float]] = field(default_factory=deque)  # when, and what

    def left_s(self, phase: str, done: int, total: int, now: float) -> float | None:
        """Seconds until the run ends, after so many units of a phase; None while nobody knows.

        Args:
            phase: A key of `seconds`; of another one nobody knows.
            done: Units finished in this phase.
            total: Units of this phase; 0 when not known yet.
            now: On any clock that only goes forward.
        """
        if phase not in self.seconds:
            return None
        self._take(phase, min(done, total), total, now)
        if not self.is_known and not self.worth_s:
            return None
        return self._tell(self._here_s() + self.ratio * self._later_s(), now)

    @property
    def ratio(self) -> float:
        """Measured seconds for each that was estimated; 1 while nothing is measured."""
        trust = TRUST_SHARE * sum(self.seconds.values()) if self.is_known else 0.0
        return (self.spent_s + trust) / (self.worth_s + trust) if self.worth_s else 1.0

    @property
    def contradicts(self) -> bool:
        """Whether most of a run went at a pace that its machine, as it was measured, cannot have."""
        if not self.is_known or self.whole_worth_s < 0.5 * sum(self.seconds.values()):
            return False
        return not 1 / CONTRADICTS < self.whole_s / self.whole_worth_s < CONTRADICTS

    def _take(self, phase: str, done: int, total: int, now: float) -> None:
        share = done / total if total > 0 else 0.0
        if phase != self.phase:
            self.phase, self.begun_at, self.begun_with, self.at = phase, now, share, now
            self.done, self.total, self.share = done, total, share
            return
        spent, worth = now - self.at, self.seconds[phase] * (done - self.done) / max(1, self.total or total)  # of what was planned: it may end early
        if worth <= 0:
            return  # a note, or a unit that is under way
        if phase == UNEVEN or spent < FOUND_SHARE * worth:
            self.begun_at, self.begun_with = now, share
        else:
            kept = 0.5 ** (worth / (FORGOTTEN_SHARE * sum(self.seconds.values())))
            self.spent_s = kept * self.spent_s + spent
            self.worth_s = kept * self.worth_s + worth
            self.whole_s += spent
            self.whole_worth_s += worth
        self.at, self.done, self.total, self.share = now, done, total, share

    def _here_s(self) -> float:
        """Of this phase: by the pace of the attempt first, then more and more by its own."""
        rest, made = 1.0 - self.share, self.share - self.begun_with
        expected = self.ratio * self.seconds[self.phase] * rest
        if made <= 0:
            return expected
        own = (self.at - self.begun_at) / made * rest
        return (own * made + expected * OWN_SHARE) / (made + OWN_SHARE)

    def _later_s(self) -> float:
        order = list(self.seconds)
        return sum(self.seconds[phase] for phase in order[order.index(self.phase) + 1 :])

    def _tell(self, left_s: float, now: float) -> float:
        """Never half as much again as somebody may have seen a moment ago."""
        while len(self.told) > 1 and self.told[1][0] <= now - LOOK_S:
            self.told.popleft()  # the one before stood until then
        shown = min([left_s, *(MOST_RISE * before for _, before in self.told)])
        self.told.append((now, shown))
        return shown
