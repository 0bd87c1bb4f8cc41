"""The second turn: a policy is asked whether the reply that it just gave does what a text says."""

from collections.abc import Sequence

from core.constitution.contrasts import asked_stances
from core.constitution.principles import Constitution, render
from core.engine.models import encode_prompt
from core.engine.policy import Policy, plain_prompt
from core.engine.sampling import sample
from core.measure.claims import second_turn
from core.measure.values import MeasuredReply
from core.settings import SamplingConfig

SHORT = SamplingConfig(max_new_tokens=8, temperature=0)  # a yes or a no


def ask_claims(policy: Policy, constitution: Constitution, position: int, replies: Sequence[MeasuredReply]) -> list[tuple[str, str]]:
    """What it answers of each reply, asked of the principle's statement and of its antithesis; two empty answers where the reply is empty.

    Args:
        policy: Who replied, with the constitution in its prompt; in the second turn it sees the first as it was.
        constitution: What stood there.
        position: Of the principle that is asked about.
        replies: To be asked about.

    Raises:
        ContextError: Query, reply and question do not fit what the model reads.
    """
    principle, stances = constitution.principles[position], asked_stances(len(constitution.principles))
    asked = [reply for reply in replies if reply.text]
    prompts = [
        plain_prompt(encode_prompt(policy.model, second_turn(render(constitution, stances[reply.side], reply.query).user, reply.text, text)))
        for reply in asked
        for text in (principle.statement, principle.antithesis)
    ]
    said = iter([response.text for response in sample(policy, prompts, SHORT, [0] * len(prompts), steady=True)] if prompts else [])
    return [(next(said), next(said)) if reply.text else ("", "") for reply in replies]
