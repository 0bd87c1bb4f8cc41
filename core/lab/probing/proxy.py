"""Proxy-tuning at several weights: what training changed in the next-token scores, added to the base's half, whole and more than once."""

from core.errors import ConfigError
from core.lab.bench import Bench
from core.lab.values import ProbeResult
from core.lab.weighed import weighed
from core.methods.arms import ADAPTER_NEEDED, ARTIFACTS, Arm, make_arm

ALPHAS = (0.5, 1.0, 1.5, 2.0)  # beside 0, which is the prompted base exactly


def run(bench: Bench) -> ProbeResult:
    """See `core.lab.probes`.

    Raises:
        ConfigError: What is examined is no adapter.
    """
    assert bench.examined is not None
    if bench.examined.artifact.kind != ADAPTER_NEEDED:
        raise ConfigError(f"what is moved is what an adapter changes, and this is a {ARTIFACTS[bench.examined.artifact.kind]}")
    return weighed(bench, [bench.control, *(arm_at(bench, alpha) for alpha in ALPHAS)], "Weight of what training changed", ALPHAS[-1])


def arm_at(bench: Bench, alpha: float) -> Arm:
    """The arm of a weight: at 1 the adapter itself, which is the same to the last bit on its own model and which other probes ask too."""
    assert bench.examined is not None and bench.trained is not None
    return bench.trained[0] if alpha == 1 else make_arm("proxy", artifact=bench.examined.artifact, settings={"alpha": alpha})
