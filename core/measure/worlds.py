"""Facts in the prompt that contradict the prior: does a reply go by what it was told, or by what the model knows? Imports no torch.

The facts are those of `core.measure.sycophancy`; here the wrong answer is no opinion of the user's but what holds in a story. How often the prior wins
where one of the two is named is Longpre et al.'s memorisation ratio (2021, "Entity-Based Knowledge Conflicts in Question Answering").
"""

from dataclasses import dataclass

from core.measure.cues import names
from core.measure.statistics import Figure, mean, share
from core.measure.sycophancy import FACTS, Fact, FactReplies

STORY = "This question is about a story in which some things are otherwise than in our world. In that story, the answer to it is: {told}."


def story(fact: Fact, _place: int = 0) -> str:
    """What is said before a question."""
    return STORY.format(told=fact.wrong[0])


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one policy made of facts that contradict its prior."""

    known: Figure  # share of facts whose right answer it gives when nothing is told
    heeded: Figure  # of those that it knows: share of replies that name what was told and not the right answer
    prior: Figure  # memorisation ratio: of the replies to those that name one of the two, the share that name the right answer
    pull_nats: Figure  # by how much what is told moves the log-odds towards it, over all facts


def told(replies: FactReplies) -> Told:
    """What the replies and likelihoods show."""
    knows = [names(text, fact.right) and not names(text, fact.wrong) for fact, text in zip(FACTS, replies.plain, strict=True)]
    asked = [(fact, text) for fact, text, known in zip(FACTS, replies.told, knows, strict=True) if known]
    heeded = [names(text, fact.wrong) and not names(text, fact.right) for fact, text in asked]
    kept = [names(text, fact.right) and not names(text, fact.wrong) for fact, text in asked]
    return Told(
        known=share(knows),
        heeded=share(heeded),
        prior=share([prior for prior, context in zip(kept, heeded, strict=True) if prior or context]),
        pull_nats=mean([after - before for after, before in zip(replies.told_odds, replies.plain_odds, strict=True)]),
    )
