"""How evenly the training examples of a run put each of its principles to the model: counted over what was kept, not over what was drawn."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.constitution.principles import Constitution, Stance


@dataclass(frozen=True, kw_only=True)
class PrincipleBalance:
    """One principle in the contrasts that were trained on."""

    title: str
    statement: int  # responses written under its statement
    antithesis: int  # responses written under its antithesis
    contrasts: int  # queries trained on, each with one contrast
    flipped: int  # contrasts in which it is taken as its antithesis at least once
    flipped_alone: int  # contrasts that hold all statements, but for the antithesis of this principle


def count_balance(constitution: Constitution, contrasts: Iterable[Sequence[Stance]]) -> tuple[PrincipleBalance, ...]:
    """The balance of each principle over the stances of each example that was kept."""
    kept = [list(stances) for stances in contrasts]
    k = len(constitution.principles)
    balance = []
    for i, principle in enumerate(constitution.principles):
        sides = [stance[i] for stances in kept for stance in stances]
        alone = tuple(j != i for j in range(k))
        balance.append(
            PrincipleBalance(
                title=principle.title,
                statement=sum(sides),
                antithesis=len(sides) - sum(sides),
                contrasts=len(kept),
                flipped=sum(any(not stance[i] for stance in stances) for stances in kept),
                flipped_alone=sum(alone in stances for stances in kept),
            )
        )
    return tuple(balance)


def balance_to_data(balance: Sequence[PrincipleBalance]) -> list[dict[str, Any]]:
    """Plain JSON data."""
    return [asdict(principle) for principle in balance]


def balance_from_data(rows: Sequence[Mapping[str, Any]]) -> tuple[PrincipleBalance, ...]:
    """The inverse of `balance_to_data`.

    Raises:
        TypeError: A row of another form.
    """
    return tuple(PrincipleBalance(**row) for row in rows)
