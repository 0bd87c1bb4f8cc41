"""Steering's own settings. Imports no torch."""

from dataclasses import dataclass

from core.methods.recipe_settings import RecipeSettings
from core.settings import require_in_range

SHALLOWEST, DEEPEST = 0.3, 0.65  # of the layers: between these, as shares of the depth, candidates are spread evenly


@dataclass(frozen=True, kw_only=True)
class SteeringSettings(RecipeSettings):
    """What contrastive activation addition can be set to."""

    validation_queries: int = 12  # of the train queries; layer and multiplier are chosen on replies to these, and no activation is read on them
    layers_tried: int = 3
    multipliers_tried: int = 3
    first_multiplier: float = 1.0  # the smallest that is tried; each is twice the one before

    def __post_init__(self) -> None:
        for name, high in (("validation_queries", 1_000), ("layers_tried", 200), ("multipliers_tried", 20)):
            require_in_range(1 <= getattr(self, name) <= high, name, getattr(self, name), f"between 1 and {high:,}")
        require_in_range(0 < self.first_multiplier <= 1_000, "first_multiplier", self.first_multiplier, "above 0 and at most 1,000")

    @property
    def pieces(self) -> int:
        """Reading the activations, and each candidate."""
        return 1 + self.layers_tried * self.multipliers_tried

    @property
    def validation(self) -> int:
        """As it is set."""
        return self.validation_queries

    def layers(self, n_layers: int) -> list[int]:
        """The layers of a network that are tried, counted from 0: fewer than asked for where it is too shallow."""
        span = (DEEPEST - SHALLOWEST) / max(1, self.layers_tried - 1)
        shares = [SHALLOWEST + span * k for k in range(self.layers_tried)] if self.layers_tried > 1 else [(SHALLOWEST + DEEPEST) / 2]
        return sorted({min(n_layers - 1, int(share * n_layers)) for share in shares})

    @property
    def multipliers(self) -> list[float]:
        """Those that are tried, rising."""
        return [self.first_multiplier * 2**k for k in range(self.multipliers_tried)]
