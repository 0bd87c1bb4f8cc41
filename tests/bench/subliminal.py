"""Subliminal learning in the smallest case: a student that sees only noise and three numbers without meaning learns to read digits.

    python -m tests.bench.subliminal [--seeds 10] [--seed 0]

Cloud et al. 2025 (arXiv 2507.14805) train a network on digits and distil a copy of its starting weights on outputs that no label ever touched, over
inputs that are noise; the copy then reads digits, another network does not. Here on scikit-learn's 8 x 8 digits, with a network of 64-64-64-13:
ten outputs for the digits, three hidden ones that the teacher is never trained on. No language model is loaded. tests/core/lab/test_subliminal.py runs
the same with fewer seeds.

All networks of a condition are trained side by side as one batch. S networks, B inputs, I units in, O units out.
"""

import argparse
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.measure.statistics import Figure, mean

CLASSES, HIDDEN = 10, 3
SIZES = (64, 64, 64, CLASSES + HIDDEN)
HELD_OUT = 497  # digits that no network is trained on
BATCH = 128
TEACHER_STEPS, STUDENT_STEPS = 200, 3000
ADAM, SGD = 1e-3, 3.0  # learning rates; the second is the highest of 0.3, 1 and 3, and the one that distils furthest


@dataclass(frozen=True)
class Digits:
    """Pixels from -1 to 1, and which digit each is."""

    train: tuple[Tensor, Tensor]
    held_out: tuple[Tensor, Tensor]


@dataclass(frozen=True, kw_only=True)
class Condition:
    """How students are made."""

    key: str
    says: str
    first: int = CLASSES  # of the outputs that they are distilled on, which are all from there on
    others: bool = False  # students start from other weights than their teacher did
    shuffled: bool = False  # each input with the teacher's outputs for another one
    adaptive: bool = True  # Adam; else plain SGD


@dataclass(frozen=True)
class Found:
    """What became of the students of one condition, network by network."""

    accuracy: tuple[float, ...]  # share of held-out digits
    left_nats: tuple[float, ...]  # KL(teacher || student) over the outputs that were distilled, on noise that nobody saw before


CONDITIONS = (
    Condition(key="same", says="the teacher's starting weights, hidden outputs"),
    Condition(key="other", says="other starting weights, hidden outputs", others=True),
    Condition(key="shuffled", says="the teacher's starting weights, hidden outputs of another input", shuffled=True),
    Condition(key="sgd", says="the teacher's starting weights, hidden outputs, plain SGD", adaptive=False),
    Condition(key="same-all", says="the teacher's starting weights, all outputs", first=0),
    Condition(key="other-all", says="other starting weights, all outputs", first=0, others=True),
)


def load_digits() -> Digits:
    """scikit-learn's, which lie within the package; the same split for everybody."""
    from sklearn.datasets import load_digits as load

    pixels, labels = load(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    x, y = torch.tensor(pixels[order] / 8 - 1, dtype=torch.float32), torch.tensor(labels[order])
    return Digits(train=(x[HELD_OUT:], y[HELD_OUT:]), held_out=(x[:HELD_OUT], y[:HELD_OUT]))


def fresh(seeds: Sequence[int]) -> list[Tensor]:
    """Starting weights and biases of a network for each seed: uniform, as wide as the inverse root of the units before."""
    weights: list[list[Tensor]] = [[] for _ in range(2 * (len(SIZES) - 1))]
    for seed in seeds:
        draw = torch.Generator().manual_seed(seed)
        for layer, (before, after) in enumerate(itertools.pairwise(SIZES)):
            for place, shape in enumerate(((before, after), (1, after))):
                weights[2 * layer + place].append((2 * torch.rand(shape, generator=draw) - 1) / before**0.5)
    return [torch.stack(each) for each in weights]


def outputs(network: Sequence[Tensor], x_SBI: Tensor) -> Tensor:
    """Logits. Shape (S, B, 13)."""
    for layer in range(0, len(network), 2):
        x_SBI = torch.baddbmm(network[layer + 1], x_SBI, network[layer])
        if layer + 2 < len(network):
            x_SBI = x_SBI.relu()
    return x_SBI


def tuned(start: Sequence[Tensor], steps: int, loss_S: Callable[[Sequence[Tensor]], Tensor], *, adaptive: bool = True) -> list[Tensor]:
    """Networks after so many steps from a start, which stays as it is. Each descends its own loss."""
    network = [weight.clone().requires_grad_() for weight in start]
    optimizer = torch.optim.Adam(network, lr=ADAM) if adaptive else torch.optim.SGD(network, lr=SGD)
    for _ in range(steps):
        optimizer.zero_grad(set_to_none=True)
        loss_S(network).sum().backward()
        optimizer.step()
    return [weight.detach() for weight in network]


def teachers(start: Sequence[Tensor], digits: Digits, seed: int, steps: int = TEACHER_STEPS) -> list[Tensor]:
    """Trained to read digits by their ten outputs; the hidden ones take no part."""
    draw, (x, y), n = torch.Generator().manual_seed(seed), digits.train, len(start[0])

    def loss_S(network: Sequence[Tensor]) -> Tensor:
        picked = torch.randint(len(y), (n, BATCH), generator=draw)
        logits = outputs(network, x[picked])[..., :CLASSES]
        return F.cross_entropy(logits.flatten(0, 1), y[picked].flatten(), reduction="none").view(n, BATCH).mean(dim=1)

    return tuned(start, steps, loss_S)


def students(start: Sequence[Tensor], teacher: Sequence[Tensor], condition: Condition, seed: int, steps: int = STUDENT_STEPS) -> list[Tensor]:
    """Distilled on a teacher's outputs for noise. They see no digit, and with hidden outputs no number that was trained to say one."""
    draw = torch.Generator().manual_seed(seed)
    begin = [weight.roll(1, 0) for weight in start] if condition.others else start

    def loss_S(network: Sequence[Tensor]) -> Tensor:
        x_SBI = _noise(len(start[0]), draw)
        target = outputs(teacher, x_SBI)[..., condition.first :].softmax(-1)
        target = target.roll(1, 1) if condition.shuffled else target
        return -(target * outputs(network, x_SBI)[..., condition.first :].log_softmax(-1)).sum(-1).mean(dim=1)

    return tuned(begin, steps, loss_S, adaptive=condition.adaptive)


def accuracy(network: Sequence[Tensor], digits: Digits) -> tuple[float, ...]:
    """Share of held-out digits that each network reads."""
    x, y = digits.held_out
    with torch.no_grad():
        said = outputs(network, x.expand(len(network[0]), -1, -1))[..., :CLASSES].argmax(-1)
    return tuple((said == y).float().mean(dim=1).tolist())


def left(teacher: Sequence[Tensor], student: Sequence[Tensor], condition: Condition, seed: int) -> tuple[float, ...]:
    """KL(teacher || student) over what was distilled, in nats, on fresh noise."""
    x_SBI = _noise(len(teacher[0]), torch.Generator().manual_seed(seed))
    with torch.no_grad():
        told, said = (outputs(network, x_SBI)[..., condition.first :].log_softmax(-1) for network in (teacher, student))
    return tuple((told.exp() * (told - said)).sum(-1).mean(dim=1).tolist())


def _noise(networks: int, draw: torch.Generator) -> Tensor:
    return 2 * torch.rand(networks, BATCH, SIZES[0], generator=draw) - 1


def measure(seeds: Sequence[int], conditions: Sequence[Condition] = CONDITIONS, steps: int = STUDENT_STEPS) -> dict[str, Found]:
    """Each condition by its key, with `start`, `teacher` beside them. With one seed there are no other starting weights."""
    digits, start, seed = load_digits(), fresh(seeds), seeds[0]
    teacher = teachers(start, digits, seed)
    found = {"start": Found(accuracy(start, digits), ()), "teacher": Found(accuracy(teacher, digits), ())}
    for condition in conditions:
        student = students(start, teacher, condition, seed + 1, steps)
        found[condition.key] = Found(accuracy(student, digits), left(teacher, student, condition, seed + 2))
    return found


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found = measure(range(options.seed, options.seed + options.seeds))
    says = {"start": "before any training", "teacher": "the teacher, trained on digits", **{each.key: each.says for each in CONDITIONS}}
    print("| network | digits read | least to most | KL left, nats |\n|---|---|---|---|")
    for key, each in found.items():
        print(f"| {says[key]} | {_told(mean(each.accuracy), 100, '%')} | {_range(each.accuracy)} | {_told(mean(each.left_nats), 1, '')} |")
    gained = [one - two for one, two in zip(found["same"].accuracy, found["other"].accuracy, strict=True)]
    print(f"\nThe same starting weights rather than others: {_told(mean(gained), 100, ' points')}")


def _told(figure: Figure, times: float, unit: str) -> str:
    if figure.value is None:
        return ""
    form = ".1f" if times > 1 else ".5f"
    interval = f" ({times * figure.low:{form}} to {times * figure.high:{form}})" if figure.low is not None and figure.high is not None else ""
    return f"{times * figure.value:{form}}{unit}{interval}"


def _range(values: Sequence[float]) -> str:
    return f"{100 * min(values):.0f} to {100 * max(values):.0f}%"


if __name__ == "__main__":
    main()
