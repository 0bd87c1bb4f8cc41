"""What can be asked of the studio: handlers of one typed question and one typed answer, for pages and scripts alike.

This is the one boundary between what comes in and the services: a question is read into its type before anything happens, and whatever
happens then ends as words. No answer is kept.
"""

import inspect
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any, Protocol, TypeVar, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from app.pages.answers import Fault, Problem, SettingProblem
from app.pages.questions import NO_SUCH_ID
from app.services.audit import acting
from app.services.studio import in_words
from app.web.actors import Actor, CarriesState, actor_of
from app.web.faults import log_fault
from core.errors import ConfigError, StudioError
from db.units import all_or_nothing

NAMES = ("__module__", "__name__", "__qualname__", "__doc__")  # of a method, which its handler keeps
SHOWN_DIGITS = 20  # of a number that nothing has

log = logging.getLogger(__name__)
P = TypeVar("P")
Q = TypeVar("Q")


class Reply(dict[str, Any]):
    """An answer as plain data."""

    body: bytes  # the same as JSON


class Runs(Protocol):
    """Something that is told of again and again until it is done."""

    @property
    def running(self) -> bool: ...


V = TypeVar("V", bound=Runs)


def answers(handler: Callable[[P, Q, str], Any]) -> Callable[[P, object, CarriesState], Reply]:
    """Make a method that answers a question into a handler of requests. The question's type is that of the method's parameter.

    It learns who calls before anything else happens. What the person can put right comes back as a `Problem`, what is a mistake of the
    studio as a `Fault`.
    """

    @wraps(handler, assigned=NAMES)
    def answer(self: P, value: object, request: CarriesState) -> Reply:
        actor = actor_of(request)
        try:
            with acting(actor.name, actor.address), in_words(), all_or_nothing():  # what cannot be told is not kept either
                return to_reply(handler(self, read_question(_question_type(handler), value), actor.name))
        except Exception as error:
            return to_reply(_told_of(error))

    return answer


def tells(handler: Callable[[P, Q, str], Iterator[Any]]) -> Callable[[P, object, CarriesState], Iterator[Reply]]:
    """The same for a method that answers again and again: the first word answers the question, the others follow it unasked."""

    @wraps(handler, assigned=NAMES)
    def tell(self: P, value: object, request: CarriesState) -> Iterator[Reply]:
        actor = actor_of(request)
        try:
            with closing(handler(self, read_question(_question_type(handler), value), actor.name)) as words:  # type: ignore[type-var]
                for told in _acted(words, actor):
                    yield to_reply(told)
        except Exception as error:
            yield to_reply(_told_of(error))

    return tell


def _acted(words: Iterator[Any], actor: Actor) -> Iterator[Any]:
    """Each word in the name of whoever asks: another thread may fetch the next."""
    while True:
        with acting(actor.name, actor.address):
            told = next(words, None)
        if told is None:
            return
        yield told


def paced(views: Iterator[V], every_s: float) -> Iterator[V]:
    """The first view, the last one, and of those between one in `every_s` seconds: a model writes faster than anybody reads."""
    told = None
    with closing(views) as all_views:  # type: ignore[type-var]
        for view in all_views:
            if view.running and told is not None and time.monotonic() - told < every_s:
                continue
            yield view
            told = time.monotonic()


def read_question(kind: type[Q], value: object) -> Q:
    """What was sent, as a value of that type.

    Raises:
        ConfigError: It is no such question.
    """
    try:
        question: Q = _adapter(kind).validate_python(value)  # type: ignore[arg-type]
    except (ValidationError, RecursionError) as error:
        raise ConfigError(_unusable(error)) from error
    return question


def _told_number(digits: str) -> str:
    """A number that nothing has; where it is too long to be told whole, so that it cannot be taken for another one."""
    return digits if len(digits) <= SHOWN_DIGITS else f"{digits[:SHOWN_DIGITS]}… ({len(digits.removeprefix('-'))} digits)"


def _unusable(error: ValidationError | RecursionError) -> str:
    first = error.errors(include_url=False, include_context=False)[0] if isinstance(error, ValidationError) else None
    name = str(first["loc"][0])[:40].replace("_", " ") if first and first["loc"] else "question"
    if first and first["type"] == NO_SUCH_ID:
        return f"There is no {name} {_told_number(str(first['input']))}."
    return f"There is no usable {name} in what was sent. Reload the page, then try again."


def to_reply(answer: object) -> Reply:
    """An answer as it is sent.

    Raises:
        ValueError: It cannot be: a number is not finite, or a text holds half a character.
    """
    reply = Reply(to_jsonable_python(answer))
    reply.body = json.dumps(reply, ensure_ascii=False, allow_nan=False).encode()
    return reply


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One thing that can be asked, at one address."""

    page: str
    name: str
    handler: Callable[[object, Any], Any]  # what was sent, and the request

    @property
    def does(self) -> str:
        """In a sentence or two."""
        return inspect.getdoc(self.handler) or ""

    @property
    def question(self) -> Any:
        """The type of the question."""
        return _question_type(inspect.unwrap(self.handler))

    @property
    def answer(self) -> Any:
        """The type of the answer, or of each of them."""
        told = get_type_hints(inspect.unwrap(self.handler))["return"]
        return get_args(told)[0] if self.streams else told

    @property
    def streams(self) -> bool:
        """Whether it answers again and again."""
        return get_origin(get_type_hints(inspect.unwrap(self.handler))["return"]) is Iterator


def endpoints_of(page: str, handlers: object, names: tuple[str, ...]) -> tuple[Endpoint, ...]:
    """The handlers of a page that have these names."""
    return tuple(Endpoint(page=page, name=name, handler=getattr(handlers, name)) for name in names)


def described(endpoints: tuple[Endpoint, ...]) -> dict[str, Any]:
    """All endpoints as a JSON schema: for each address what it does, its question and its answer."""
    kinds = {(each.page, each.name, what): TypeAdapter(getattr(each, what)) for each in endpoints for what in ("question", "answer")}
    inputs = [(key, "validation" if key[2] == "question" else "serialization", kind) for key, kind in kinds.items()]
    schemas, shared = TypeAdapter.json_schemas(inputs, ref_template="#/$defs/{model}")  # type: ignore[arg-type]
    by_key = {key: schema for (key, _), schema in schemas.items()}
    found = {
        f"{each.page}/{each.name}": {
            "does": each.does,
            "streams": each.streams,
            "question": by_key[each.page, each.name, "question"],
            "answer": by_key[each.page, each.name, "answer"],
        }
        for each in endpoints
    }
    return {"endpoints": found, "problem": TypeAdapter(Problem).json_schema(), "fault": TypeAdapter(Fault).json_schema(), "$defs": shared.get("$defs", {})}


def _told_of(error: Exception) -> Problem | Fault:
    if isinstance(error, ConfigError) and error.setting is not None:
        return SettingProblem(message=str(error), setting=error.setting)
    if isinstance(error, StudioError):
        return Problem(message=str(error))
    fault = log_fault(log, error)
    return Fault(message=fault.message, log=fault.number)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _question_type(handler: Callable[..., Any]) -> Any:
    return get_type_hints(handler)["question"]
