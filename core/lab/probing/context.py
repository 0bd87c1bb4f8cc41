"""Context-aware decoding at several weights."""

from core.lab.bench import Bench
from core.lab.values import ProbeResult
from core.lab.weighed import weighed
from core.methods.arms import make_arm

ALPHAS = (0.25, 0.5, 1.0, 1.5)  # beside 0, which is the prompted base exactly


def run(bench: Bench) -> ProbeResult:
    """See `core.lab.probes`."""
    arms = [bench.control, *(make_arm("context", settings={"alpha": alpha}) for alpha in ALPHAS)]
    return weighed(bench, arms, "Weight of the constitution against the prior", ALPHAS[-1])
