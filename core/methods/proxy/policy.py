"""Proxy-tuning (Liu et al. 2024, "Tuning Language Models by Proxy", arXiv 2401.08565, section 2).

The next token is drawn from softmax[s_M + alpha (s_expert - s_anti-expert)]: M is the model that is decoded, the expert an adapter that was trained
on another, mostly smaller model, the anti-expert that model without it, so that one copy of its weights serves both. What training changed in
the small model is added to M, whose own weights stay as they are. alpha = 0 is M, exactly; where M is the small model itself, alpha = 1 is the adapter.

Otherwise than in the paper, all three read the same prompt, with the constitution in it.
"""

from core.engine.models import LoadedModel
from core.engine.policies import open_adapted, open_base
from core.engine.policy import Policy
from core.errors import AdapterError
from core.methods.arms import Arm, at_control
from core.methods.mixture import Source, open_mixture


def open_proxy(model: LoadedModel, arm: Arm) -> Policy:
    """The policy of an arm; at its control value the prompted base itself, so that nothing is rounded.

    Raises:
        AdapterError: Neither the model wears the arm's adapter, nor one that is held beside it (core.methods.proxy.beside).
    """
    base = open_base(model, arm)
    if at_control(arm):
        return base
    small = _wearer(model, arm)
    alpha = dict(arm.settings)["alpha"]
    return open_mixture(arm, model, [Source(base, 1.0), Source(open_adapted(small, arm), alpha), Source(open_base(small, arm), -alpha)])


def _wearer(model: LoadedModel, arm: Arm) -> LoadedModel:
    """The model that the arm's adapter is on."""
    sha256 = arm.artifact.sha256 if arm.artifact is not None else ""
    if sha256 in model.adapters:
        return model
    if sha256 not in model.beside:
        raise AdapterError(f"{arm.key} needs an adapter and the model that it was trained on, and neither is there. Give the adapter folder of a run.")
    return model.beside[sha256]
