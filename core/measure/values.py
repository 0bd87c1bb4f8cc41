"""What is kept of a measured reply. Imports no torch."""

from dataclasses import dataclass, fields

SIDES = ("statement", "antithesis")


@dataclass(frozen=True, kw_only=True)
class MeasuredReply:
    """One held-out reply with the policy's own scores of it, and the base's."""

    query: str
    side: str  # which it was sampled under: a key of `asked_stances`
    text: str
    ended: bool
    tokens: int  # end token included
    logprobs: tuple[float, ...]  # mean token log-probability under each of `asked_stances`, in nats a token; empty for an empty reply
    base_logprobs: tuple[float, ...]  # the same by the base
    kl_nats: float | None  # KL(policy || base) a token over the reply, under its own constitution; 0 for the base


def replies_from_data(rows: object) -> list[MeasuredReply] | None:
    """The inverse of `asdict` on each reply; None for rows of an earlier form, which have to be measured again."""
    names = {item.name for item in fields(MeasuredReply)}
    if not isinstance(rows, list) or any(set(row) != names for row in rows):
        return None
    return [MeasuredReply(**row | {name: tuple(row[name]) for name in ("logprobs", "base_logprobs")}) for row in rows]
