"""SAMI's own settings. Imports no torch."""

from dataclasses import dataclass

from core.methods.recipe_settings import RecipeSettings
from core.settings import require_in_range


@dataclass(frozen=True, kw_only=True)
class SamiSettings(RecipeSettings):
    """What SAMI can be set to; the defaults are SAMI as published."""

    summed_scores: bool = False  # score responses by summed log-probability; False = mean over tokens
    kl_weight: float = 0.0  # weight of KL(base || adapted) on response tokens, in nats a token
    likelihood_weight: float = 0.0  # weight of the negative log-probability of each response under its own constitution, counted as the scores are

    def __post_init__(self) -> None:
        for name in ("kl_weight", "likelihood_weight"):
            require_in_range(0 <= getattr(self, name) <= 1_000, name, getattr(self, name), "between 0 and 1,000")

    @property
    def sums(self) -> bool:
        """As it is set."""
        return self.summed_scores

    def measures_distance(self, place: int, distances: int) -> bool:
        """Also on every query whose loss it is part of."""
        return self.kl_weight > 0 or super().measures_distance(place, distances)
