"""What differs between the scenarios of a principle before and after. Pure text."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.constitution.principles import squash
from core.constitution.scenarios import Scenario


@dataclass(frozen=True)
class ScenarioChange:
    """A scenario before and after. None: it was added, or removed."""

    before: Scenario | None
    after: Scenario | None

    @property
    def changed(self) -> bool:
        """Whether the two differ."""
        return self.before != self.after


@dataclass(frozen=True)
class ScenariosChange:
    """What became of the scenarios of one principle."""

    each: tuple[ScenarioChange, ...]  # every one that either has: in the order after, then what was removed
    reordered: bool  # whether those that both have come in another order

    @property
    def changed(self) -> bool:
        """Whether there is anything to tell."""
        return self.reordered or any(scenario.changed for scenario in self.each)


def scenarios_change(before: Sequence[Scenario], after: Sequence[Scenario]) -> ScenariosChange:
    """The difference of two lists of scenarios. One is known by its query, in whatever case and spacing; the first that fits is taken."""
    left = dict(enumerate(before))
    kept, places = [], []
    for new in after:
        place = next((j for j, old in left.items() if squash(old.query) == squash(new.query)), None)
        kept.append(ScenarioChange(left.pop(place) if place is not None else None, new))
        places += [place] if place is not None else []
    removed = [ScenarioChange(old, None) for old in left.values()]
    return ScenariosChange((*kept, *removed), reordered=places != sorted(places))
