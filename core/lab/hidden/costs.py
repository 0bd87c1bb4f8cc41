"""What the matrix of hidden channels will take, before anyone clicks. Imports no torch."""

from dataclasses import replace

from core.lab.costs import LabCost
from core.lab.hidden.settings import HiddenSettings
from core.lab.reading import MOST_DECOYS, MOST_OWN
from core.methods.settings import TrainConfig, preset
from core.runs.estimates import estimate

READ_SHARE = 0.2  # reading one principle's replies under one prompt, in units of the base answering and being scored: the replies are there already


def hidden_s(cost: LabCost, settings: HiddenSettings | None = None) -> float:
    """Seconds of all of it, with an adapter: numbers and students of every row, and every principle's replies read by each."""
    chosen = settings or HiddenSettings()
    own = min(len(cost.constitution.principles), MOST_OWN)
    principles = own + MOST_DECOYS
    teachers, students = principles + own + 1, principles + own + 1 + 3 * own
    same = {name: getattr(cost.config, name) for name in ("queries_per_step", "lora_rank", "lora_alpha")}
    drawn = preset("quick", method="bct", train_queries=chosen.wanted, sampling=chosen.sampling, passes=1, max_kl_nats=0, **same)
    tuned = replace(drawn, train_queries=chosen.rows, passes=chosen.passes, sample_every=1_000)
    numbers = _seconds(cost, drawn, "sampling")
    tuning = _seconds(cost, tuned, "training")
    answering = principles * cost.base_s
    return answering + chosen.seeds * (teachers * numbers + own * cost.alone_s + students * (tuning + READ_SHARE * principles * cost.base_s))


def _seconds(cost: LabCost, config: TrainConfig, phase: str) -> float:
    return estimate(config, cost.shape, cost.hardware, cost.constitution).seconds[phase]
