"""A run that is small and has every phase, for those who are to be killed in it."""

from core.methods.settings import TrainConfig, preset, with_settings

SETTINGS = {
    "iterations": 2,
    "train_queries": 4,
    "held_out_queries": 14,  # two batches: a kill may come between them
    "queries_per_step": 2,
    "passes": 5,
    "lora_rank": 4,
    "lora_alpha": 8,
    "learning_rate": 0.02,
    "sampling.max_new_tokens": 6,
    "sampling.temperature": 1,
    "max_kl_nats": 0,
    "probe_every": 2,
    "probe_queries": 2,
    "patience": 2,
    "train_anyway": "true",  # a random model follows nothing
}
LONGER = {"iterations": 4, "passes": 3}  # each iteration ends with a checkpoint, after which an attempt may die again
QUERIES = [{"query": f"Question {i}?", "split": "train" if i < 24 else "held_out"} for i in range(40)]


def small_config(seed: int) -> TrainConfig:
    """Its settings, with more iterations; another seed is another run."""
    return with_settings(preset("quick", seed=seed), [f"{name}={value}" for name, value in (SETTINGS | LONGER).items()])
