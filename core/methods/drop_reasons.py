"""Why a query is left out of training, in the words that people read. Imports no torch, so that pages can say it too."""

DROP_REASONS = {
    "empty": "a response was empty",
    "equal": "two responses were the same",
    "loop": "a response was a loop",
    "refusal": "a response was a refusal",
    "astray": "a response did not answer its query",
    "suffix": "the prompts with and without wrapper end differently",
    "quote": "a response recited its principle",
}

READ_UNDER = 4  # queries that tell whether a response answers its own, which is one of them: half of what relevance takes; one in four goes through by chance
