"""How the two sides of a principle look: told apart by word and sign, never by colour alone."""

from dataclasses import dataclass

from core.constitution.principles import Side


@dataclass(frozen=True, kw_only=True)
class ShownSide:
    """One side as pages show it."""

    name: Side
    sign: str
    label: str

    @property
    def under(self) -> str:
        """What stands beside a reply that was given under it."""
        return f"under the {self.name}"


STATEMENT = ShownSide(name="statement", sign="◆", label="Statement")
ANTITHESIS = ShownSide(name="antithesis", sign="◇", label="Antithesis")
SHOWN_SIDES = (STATEMENT, ANTITHESIS)
