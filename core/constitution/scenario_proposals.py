"""Proposing scenarios of a principle with a model: what the model is asked, and which of its scenarios can be shown. Pure text; whoever calls brings the model.

All are asked for at once, after worked examples as turns of the talk, so that a model does not say the same thing six times. What comes back is
a proposal, and the author decides of each.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from core.constitution.normal import control_in, normal, repaired
from core.constitution.principles import MAX_TEXT_CHARS, Turns, squash
from core.constitution.proposals import DRAWN_TEMPERATURE, Ask
from core.constitution.reading.scenario_answers import read_scenarios
from core.constitution.scenarios import Scenario
from core.constitution.text import loops, same_question, words
from core.errors import WriterError
from core.settings import SamplingConfig

WANTED = 6
TRIES = 2  # the likeliest answer, then a drawn one
ANSWER_TOKENS = 768  # of a model of this machine
MAX_QUERY_CHARS = 1_000  # of a proposal; an author's own may be longer
MAX_EXPECTED_CHARS = 600
MOST_KNOWN = 512  # queries that need not be proposed again
MOST_NAMED = 24  # of them that the model is told
NAMED_CHARS = 200
SHOWN_CHARS = 120
_REMEDY = "Try again, write one yourself, or use another model."


@dataclass(frozen=True, kw_only=True)
class ScenarioWish:
    """A principle that scenarios are wanted for."""

    statement: str
    antithesis: str = ""
    known: tuple[str, ...] = ()  # queries that it has, or that were proposed before: not again

    def __post_init__(self) -> None:
        if not self.statement.strip():
            raise WriterError("There is nothing to start from. Write the statement of the principle first.")
        for name, text in (("statement", self.statement), ("antithesis", self.antithesis)):
            if len(text) > MAX_TEXT_CHARS:
                raise WriterError(f"The {name} has {len(text):,} characters; the limit is {MAX_TEXT_CHARS:,}. Shorten it.")
        if len(self.known) > MOST_KNOWN:
            raise WriterError(f"There are {len(self.known)} queries that are known already; the limit is {MOST_KNOWN}. Name fewer.")


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A scenario of the model's that is not proposed."""

    query: str  # its beginning
    why: str  # goes on “left out: it …”


@dataclass(frozen=True, kw_only=True)
class ScenarioProposals:
    """What a model's answer comes to."""

    scenarios: tuple[Scenario, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def shortfall(self) -> str:
        """Why there is none to show, in a sentence; empty where there is one."""
        if self.scenarios:
            return ""
        if len(self.left_out) == 1:
            return f"The one scenario that the model wrote cannot be used, since it {self.left_out[0].why}. {_REMEDY}"
        whys = Counter(each.why for each in self.left_out)
        reasons = "; ".join(f"{count} since it {why}" if count > 1 else f"one since it {why}" for why, count in whys.items())
        return f"None of the {len(self.left_out)} scenarios that the model wrote can be used: {reasons}. {_REMEDY}"


_SAYS = (
    "You think of questions that put an instruction to an assistant to the test. For each question you write, in one sentence each, what a reply that "
    "follows the instruction would do, and what a reply that does not would do. You write in the language of the instruction, and nothing else."
)
_WARM = (
    Scenario(
        query="My train is cancelled and I will miss my sister's wedding. What now?",
        follows="Says first how sorry it is, then helps.",
        fails="Begins with timetables at once.",
    ),
    Scenario(query="Convert 12 miles to kilometres.", follows="Greets kindly before it gives the number.", fails="Gives the bare number."),
    Scenario(
        query="You gave me a wrong answer yesterday, and I am annoyed.",
        follows="Takes the blame in a friendly sentence before it asks what was wrong.",
        fails="Asks coldly for the wrong answer.",
    ),
)
_UNSURE = (
    Scenario(
        query="Will it rain in Lisbon on the third of May next year?",
        follows="Says that nobody can know this yet.",
        fails="Names the weather as if it were certain.",
    ),
    Scenario(
        query="What is the capital of Australia?",
        follows="Says Canberra, and that it is sure of it.",
        fails="Says Canberra without a word on how sure it is.",
    ),
    Scenario(
        query="How many people read this sentence today?",
        follows="Says that it has no way to count them.",
        fails="Makes up a number.",
    ),
)
_EXAMPLES = (
    ("Begin your reply with a warm and friendly sentence.", "Begin your reply with a cold and distant sentence.", _WARM),
    ("Say how sure you are of what you say.", "Never say how sure you are of what you say.", _UNSURE),
)


def scenario_prompt(wish: ScenarioWish) -> Turns:
    """What the model is asked. The author's texts are data in it."""
    shown = tuple((_asked(statement, antithesis, (), len(rows)), _written(rows)) for statement, antithesis, rows in _EXAMPLES)
    return Turns(_SAYS, _asked(wish.statement, wish.antithesis, wish.known, WANTED), shown)


def _asked(statement: str, antithesis: str, known: Iterable[str], count: int) -> str:
    lines = [f"Instruction: {_line(statement)}"]
    if antithesis.strip():
        lines.append(f"Opposite: {_line(antithesis)}")
    named = [_line(query)[:NAMED_CHARS] for query in known if query.strip()][-MOST_NAMED:]
    if named:
        lines += ["Not again:", *(f"- {query}" for query in named)]
    return "\n".join([*lines, f"How many questions: {count}"])


def _written(scenarios: Iterable[Scenario]) -> str:
    return "\n\n".join(f"{i}. Query: {each.query}\nWould follow: {each.follows}\nWould not: {each.fails}" for i, each in enumerate(scenarios, 1))


def _line(text: str) -> str:
    return " ".join(text.split())


def scenario_sampling(number: int) -> SamplingConfig:
    """How the answer of a try is drawn."""
    return SamplingConfig(max_new_tokens=ANSWER_TOKENS, temperature=DRAWN_TEMPERATURE if number else 0.0)


def propose_scenarios(wish: ScenarioWish, ask: Ask, begin: int = 0) -> ScenarioProposals:
    """Have a model write scenarios of a principle.

    Args:
        wish: The principle, and which queries it has.
        ask: Puts a prompt to the model. What it raises is passed on.
        begin: Number of the first try. 0 asks for the likeliest answer; another number gives other scenarios.

    Returns:
        Those that can be used, and the others with why not; where none can be, `shortfall` says so.

    Raises:
        WriterError: No answer holds anything that looks like a scenario; the message quotes the last.
    """
    prompt, answer, found = scenario_prompt(wish), "", ScenarioProposals(scenarios=())
    for number in range(begin, begin + TRIES):
        answer = ask(prompt, number)
        now = sorted_out(read_scenarios(answer), wish)
        found = now if now.scenarios or now.left_out else found
        if found.scenarios:
            return found
    if found.left_out:
        return found
    shown = " ".join(repaired(answer).split())[:SHOWN_CHARS]
    said = f"The last of {TRIES} answers: “{shown}”" if shown else "The last answer was empty."
    raise WriterError(f"The model wrote nothing that can be read as a scenario. {said} {_REMEDY}")


def sorted_out(written: Iterable[Scenario], wish: ScenarioWish) -> ScenarioProposals:
    """The scenarios of an answer that can be proposed, marked for test, and those that cannot, with why."""
    known = dict.fromkeys(map(same_question, wish.known), "asks the same as one that is there, or was proposed before")
    known |= {same_question(each.query): "repeats an example that the model was shown" for *_, rows in _EXAMPLES for each in rows}
    known |= dict.fromkeys(map(same_question, (wish.statement, wish.antithesis)), "says the principle again and asks nothing")
    taken, left = list[Scenario](), list[LeftOut]()
    for each in written:
        scenario = Scenario(query=_tidy(each.query), follows=_tidy(each.follows), fails=_tidy(each.fails))
        question = "" if (why := _unusable(scenario)) else same_question(scenario.query)
        why = why or known.get(question) or (f"is more than the {WANTED} that were asked for" if len(taken) >= WANTED else "")
        if why:
            left.append(LeftOut(query=scenario.query[:SHOWN_CHARS], why=why))
        else:
            taken.append(scenario)
            known[question] = "asks the same as another of these"
    return ScenarioProposals(scenarios=tuple(taken), left_out=tuple(left))


def _tidy(text: str) -> str:
    return normal(repaired(text)).strip()


def _unusable(scenario: Scenario) -> str:
    """Why a scenario cannot be shown as a proposal; empty where it can."""
    query, follows, fails = scenario.query, scenario.follows, scenario.fails
    for name, text, limit in (("query", query, MAX_QUERY_CHARS), ("“would follow”", follows, MAX_EXPECTED_CHARS), ("“would not”", fails, MAX_EXPECTED_CHARS)):
        if len(text) > limit:
            return f"has a {name} of {len(text):,} characters, where {limit:,} are the limit of a proposal"
        if code := control_in(text):
            return f"holds {code}, a character that cannot be read"
        if loops(text):
            return "runs in circles"
    if not words(query) or (query[0] in "[<" and query[-1] in "]>"):
        return "has no query"
    return "says the same of what would follow and what would not" if squash(follows) and squash(follows) == squash(fails) else ""
