"""Proposing a principle with a model: what the model is asked, and what its answers hold. Pure text; whoever calls brings the model.

SAMI has a model write its principles and their antitheses from a short request (App. A.12). Here title, statement and antithesis are
asked for one at a time, after worked examples as turns of the talk: a small model goes on with a pattern long before it can fill in a
form (docs/decisions.md). What comes back is a proposal, and the author decides.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from core.constitution.principles import MAX_TEXT_CHARS, MAX_TITLE_CHARS, Side, Turns, WrittenBy, short_title
from core.constitution.text import loops, refuses, words
from core.errors import WriterError
from core.settings import SamplingConfig

MAX_WISH_CHARS = 1_000
MAX_PROPOSED_CHARS = 400  # longer texts are cut after a whole sentence: a principle that fits beside a query is short
MAX_TITLE_WORDS = 8
ANSWER_TOKENS = 64
TRIES = 3  # the likeliest answer, then drawn ones
DRAWN_TEMPERATURE = 0.8

Part = Literal["statement", "antithesis", "title"]
Ask = Callable[[Turns, int], str]  # a prompt and the number of the try -> what the model answers
Draw = Callable[[int], SamplingConfig]  # the number of the try -> how its answer is drawn


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a proposal starts from: a wish in the author's words, or a statement that is to stay as it is."""

    wish: str = ""
    statement: str = ""
    title: str = ""  # stays as it is; one is proposed when empty

    def __post_init__(self) -> None:
        if not self.wish.strip() and not self.statement.strip():
            raise WriterError("There is nothing to start from. Write a wish in a sentence, or the statement of a principle.")
        if len(self.wish) > MAX_WISH_CHARS:
            raise WriterError(f"The wish has {len(self.wish):,} characters; the limit is {MAX_WISH_CHARS:,}. Say it in a sentence or two.")
        if len(self.statement) > MAX_TEXT_CHARS:
            raise WriterError(f"The statement has {len(self.statement):,} characters; the limit is {MAX_TEXT_CHARS:,}. Shorten it.")


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A principle as a model would write it."""

    title: str
    statement: str
    antithesis: str  # empty when nothing usable came back, and `shortfall` says so
    shortfall: str = ""


@dataclass(frozen=True)
class _Task:
    """How one part is asked for: what the model is told, and worked examples."""

    says: str
    labels: tuple[str, ...]  # what models like to put before such an answer
    examples: tuple[tuple[str, str], ...]


# Not what most authors will wish: an answer that is an example again is taken for an echo of it.
_BRIEF = "Write no more than three short lines."
_WARM = "Begin your reply with a warm and friendly sentence."
_SIMPLE = "Use simple words that a child understands."
_STATEMENT = _Task(
    "You turn a wish about an assistant into one instruction to it: one sentence that asks for something anybody can see in a short reply. "
    "You answer with the instruction only.",
    ("instruction", "statement", "principle"),
    (
        ("I am tired of walls of text.", _BRIEF),
        ("It should be nicer to people.", _WARM),
        ("No jargon please", _SIMPLE),
        ("I want to learn something each time.", "Explain the reason behind your answer."),
        ("It forgets to ask me back", "Always end your reply with a question."),
    ),
)
_CONTRARY = _Task(
    "You turn an instruction into its opposite, about as long and the same in everything else. You answer with the opposite instruction only.",
    ("opposite", "antithesis", "instruction"),
    (
        (_BRIEF, "Write at least twelve long lines."),
        (_WARM, "Begin your reply with a cold and distant sentence."),
        ("Always end your reply with a question.", "Never end your reply with a question."),
        (_SIMPLE, "Use difficult words that only an expert understands."),
    ),
)
# For a model that only repeats the instruction: to negate it is easier than to find its contrary.
_NEGATION = _Task(
    _CONTRARY.says,
    _CONTRARY.labels,
    (
        ("Talk about the weather.", "Never talk about the weather."),
        ("Never use numbers.", "Always use numbers."),
        ("Answers should be in rhymes.", "Answers should never be in rhymes."),
        ("Always end your reply with a question.", "Never end your reply with a question."),
        ("Write like a poet.", "Never write like a poet."),
    ),
)
_TITLE = _Task(
    "You give an instruction a title of two or three words. You answer with the title only.",
    ("title",),
    ((_BRIEF, "Three lines"), (_WARM, "Warm opening"), ("Always end your reply with a question.", "Ask back"), (_SIMPLE, "Simple words")),
)


def _task(part: Part, number: int) -> _Task:
    if part == "antithesis":
        return _NEGATION if number % 2 else _CONTRARY
    return _STATEMENT if part == "statement" else _TITLE


def propose(wish: Wish, ask: Ask, begin: int = 0) -> Proposal:
    """Have a model write what the wish leaves open.

    Args:
        wish: What the author typed. A statement or a title in it is returned as it is.
        ask: Puts a prompt to the model. What it raises is passed on.
        begin: Number of the first try. 0 asks for the likeliest answer; another number gives another proposal.

    Raises:
        WriterError: Nothing usable came back, so that there is no proposal; the message quotes what did.
    """
    statement = wish.statement.strip() or _usable(ask, "statement", wish.wish.strip(), begin)
    shortfall, antithesis = "", ""
    try:
        antithesis = _usable(ask, "antithesis", statement, begin)
    except WriterError as error:
        if wish.statement.strip():
            raise
        shortfall = str(error)
    return Proposal(title=wish.title.strip() or _title(ask, statement, begin), statement=statement, antithesis=antithesis, shortfall=shortfall)


def _usable(ask: Ask, part: Part, given: str, begin: int) -> str:
    for number in range(begin, begin + TRIES):
        answer = ask(prompt_for(part, given, number), number)
        text = read_answer(part, answer)
        if is_usable(part, text, given):
            return text
    shown = " ".join(answer.split())[:120]
    said = f"The last of {TRIES} answers: “{shown}”" if shown else "The last answer was empty."
    raise WriterError(f"The model wrote nothing that can be used as {_article(part)}. {said} Try again, write it yourself, or use another model.")


def _title(ask: Ask, statement: str, begin: int) -> str:
    text = read_answer("title", ask(prompt_for("title", statement, begin), begin)).rstrip(".!")
    return text if is_usable("title", text, statement) else short_title(statement)


def _article(part: Part) -> str:
    return "an antithesis" if part == "antithesis" else f"a {part}"


def written_by(model: str, wish: Wish, proposal: Proposal) -> WrittenBy:
    """What `Principle.written_by` says of a proposal that was taken as it is."""
    texts: dict[Side, bool] = {"statement": not wish.statement.strip(), "antithesis": bool(proposal.antithesis)}
    return WrittenBy(model=model, texts=tuple(side for side, is_its_own in texts.items() if is_its_own))


def answer_sampling(number: int) -> SamplingConfig:
    """How the answer of a try is drawn: the likeliest one under either kind of examples first, then others."""
    return SamplingConfig(max_new_tokens=ANSWER_TOKENS, temperature=DRAWN_TEMPERATURE if number >= 2 else 0.0)


def prompt_for(part: Part, given: str, number: int) -> Turns:
    """What the model is asked for one part, given the wish or the statement."""
    task = _task(part, number)
    return Turns(task.says, " ".join(given.split()), task.examples)


_THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_PREAMBLE = re.compile(r"^(?:sure|certainly|of course|okay|ok|here(?:'s| is| are))\b[^:]{0,80}(?::|$)\s*", re.IGNORECASE)
_LABEL = re.compile(r"^[^:.!?\n]{0,40}\b(?:wish|instruction|opposite|antithesis|statement|principle|title|rule|answer)\b[^:.!?\n]{0,30}:\s*", re.IGNORECASE)
_MARKUP = re.compile(r"^(?:[-*•>#]+\s+|\d{1,2}[.)]\s+)+")
_NO_INSTRUCTION = ("i", "it", "my", "we")  # how a wish begins that was only said again
_QUOTES = "\"'“”‘’«»*_`"


def read_answer(part: Part, answer: str) -> str:
    """The bare text in an answer, without thinking, preamble, label, list mark and quotes; empty when there is none.

    Small models go on with the pattern after their answer, and large ones explain theirs: the first line under the label asked for is taken,
    or else the first line with any text of its own.
    """
    rest = _THINKING.sub("", answer).rpartition("</think>")[2]
    lines = [line.strip() for line in rest.replace("’", "'").splitlines() if line.strip() and not line.strip().startswith("```")]
    from_json = _from_json(part, "\n".join(lines))
    if from_json is not None:
        return _cut(from_json)
    starts = tuple(f"{label}{end}" for label in _task(part, 0).labels for end in ":*")
    labelled = [i for i, line in enumerate(lines) if line.lstrip(_QUOTES + "# ").casefold().startswith(starts)]
    for line in lines[labelled[0] if labelled else 0 :]:
        text = _bare(line)
        if text:
            return _cut(text)
    return ""


def _bare(line: str) -> str:
    text = _MARKUP.sub("", line).replace("**", "").strip()
    text = _LABEL.sub("", _PREAMBLE.sub("", text.lstrip(_QUOTES)))
    return text.strip().strip(_QUOTES).strip()


def _from_json(part: Part, text: str) -> str | None:
    """Some models answer in JSON whatever they are asked for. None when this is none; empty when it does not hold the part."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    values = [value for key, value in data.items() if str(key).casefold() in _task(part, 0).labels] if isinstance(data, dict) else [data]
    return " ".join(values[0].split()) if values and isinstance(values[0], str) else ""


def _cut(text: str) -> str:
    """At most MAX_PROPOSED_CHARS, up to the end of a sentence; a text that never ends one is cut between words."""
    if len(text) <= MAX_PROPOSED_CHARS:
        return text
    head = text[:MAX_PROPOSED_CHARS]
    end = max(head.rfind(mark) for mark in (". ", "! ", "? "))
    return head[: end + 1] if end > 0 else head.rpartition(" ")[0] or head


def is_usable(part: Part, text: str, given: str) -> bool:
    """Whether a text can stand as that part: it says something of its own, refuses nothing, and does not run in circles."""
    plain = _plain(text)
    tasks = {_task(part, number) for number in range(2)}
    recited = {_plain(example) for task in tasks for pair in task.examples for example in pair if _plain(pair[0]) != _plain(given)}
    if refuses(text) or loops(text) or plain in recited:
        return False
    if part == "title":
        return 1 <= len(words(text)) <= MAX_TITLE_WORDS and len(text) <= MAX_TITLE_CHARS
    if len(words(text)) < 2 or plain in {_plain(task.says) for task in tasks}:
        return False
    return plain.split()[0] not in _NO_INSTRUCTION if part == "statement" else plain != _plain(given)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
