"""A stored result holds arms and named changes in place of base and aligned; a KL says its direction.

Results were plain JSON, and older ones have fewer figures: what is not there becomes null. One that holds neither base nor aligned is
left as it is.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEYS = {"base": "prompt", "aligned": "sami"}  # both were asked with the constitution in their prompt
UNMEASURED = {"value": None, "low": None, "high": None, "n": 0}
FIGURES = ("mi_bound_nats", "mi_bound_summed_nats", "attribution", "base_mi_bound_nats", "base_attribution", "base_surprise_nats")
SHARES = ("loops", "refusals", "mentions", "empty")

_RUN = sa.table(
    "run",
    sa.column("id", sa.Integer),
    sa.column("adapter_sha256", sa.Text),
    sa.column("phase", sa.Text),
    sa.column("result", sa.JSON),
)
_METRIC = sa.table("run_metric", sa.column("name", sa.Text))


def upgrade() -> None:
    """Rewrite what runs have stored, in place."""
    connection = op.get_bind()
    for run in connection.execute(sa.select(_RUN.c.id, _RUN.c.adapter_sha256, _RUN.c.result)).all():
        rewritten = new_result(run.result, run.adapter_sha256)
        if rewritten is not None:
            connection.execute(_RUN.update().where(_RUN.c.id == run.id).values(result=rewritten))
    for old, new in KEYS.items():
        connection.execute(_RUN.update().where(_RUN.c.phase == f"measuring {old}").values(phase=f"measuring {new}"))
    connection.execute(_METRIC.update().where(_METRIC.c.name == "kl_nats").values(name="kl_base_policy_nats"))


def new_result(old: Any, adapter_sha256: str | None) -> dict[str, Any] | None:
    """The result in its new form; None for what is no result of the old one."""
    if not isinstance(old, dict) or not all(isinstance(old.get(policy), dict) for policy in KEYS):
        return None
    principles = [row for row in _listed(old.get("principles")) if isinstance(row, dict)]
    sides = _listed(old.get("sides")) or ["statement", "antithesis"]
    return {
        "report": {
            "n_queries": old.get("n_queries") or 0,
            "split": old.get("split") or "held-out",
            "sides": sides,
            "cap_nats": old.get("cap_nats") or 0.6931471805599453,
            "arms": [{"arm": _arm(policy, adapter_sha256), **_arm_figures(old[policy])} for policy in KEYS],
            "principles": [_principle(row) for row in principles],
        },
        "trainability": old.get("trainability") or None,
        "dropped_queries": old.get("dropped_queries") or {},
        "balance": _listed(old.get("balance")),
        "endings": [ending for ending in _listed(old.get("endings")) if isinstance(ending, dict) and "says" in ending],
        "duration_s": old.get("duration_s"),
    }


def _arm(policy: str, adapter_sha256: str | None) -> dict[str, Any]:
    trained = policy == "aligned"
    return {
        "key": KEYS[policy],
        "method": KEYS[policy],
        "in_prompt": True,
        "artifact": {"kind": "adapter", "place": "", "sha256": adapter_sha256 or ""} if trained else None,
        "settings": {"strength": 1.0} if trained else {},
    }


def _arm_figures(old: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: _figure(old.get(name)) for name in (*FIGURES, *SHARES)},
        "confusion": _listed(old.get("confusion")),
        **{name: _figures(old.get(name)) for name in ("words", "repetition")},
        "kl_policy_base_nats": _figure(old.get("kl_nats")),
    }


def _principle(old: Mapping[str, Any]) -> dict[str, Any]:
    compliance = {key: _figures(old.get(policy)) for policy, key in KEYS.items()}
    bound, traced = _mapped(old.get("mi_bound_nats")), _mapped(old.get("attribution"))
    # The base is its own base: what it traces of its own replies is its attribution.
    read = {KEYS["base"]: traced[KEYS["base"]]} if KEYS["base"] in traced else {}
    read |= {KEYS["aligned"]: _figure(old["base_attribution"])} if old.get("base_attribution") else {}
    opposite = "flip" if "flip" in compliance["sami"] else "antithesis"
    return {
        "title": old.get("title") or "",
        "check": old.get("check"),
        "judge": "check" if old.get("check") is not None else None,
        "compliance": compliance,
        "mi_bound_nats": bound,
        "attribution": traced,
        "base_attribution": read,
        "changes": [
            _change("over prompting", ("prompt", "statement"), old.get("change")),
            _change("depends on the text", ("sami", opposite), old.get("separation")),
        ],
        "verdict": old.get("verdict"),
        "sentence": old.get("sentence") or "",
        "control": "",
    }


def _change(name: str, before: tuple[str, str], figure: Any) -> dict[str, Any]:
    arm, side = before
    return {"name": name, "before": {"arm": arm, "side": side}, "after": {"arm": "sami", "side": "statement"}, "figure": _figure(figure)}


def _mapped(old: Any) -> dict[str, Any]:
    return {key: _figure(old[policy]) for policy, key in KEYS.items() if policy in old} if isinstance(old, dict) else {}


def _figures(old: Any) -> dict[str, Any]:
    return {str(side): _figure(figure) for side, figure in old.items()} if isinstance(old, dict) else {}


def _figure(old: Any) -> dict[str, Any]:
    return {name: old[name] for name in UNMEASURED} if isinstance(old, dict) and set(UNMEASURED) <= set(old) else dict(UNMEASURED)


def _listed(old: Any) -> list[Any]:
    return list(old) if isinstance(old, Iterable) and not isinstance(old, str | Mapping) else []
