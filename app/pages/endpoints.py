"""What can be asked of the studio: handlers of one typed question and one typed answer, for the page's events and for scripts alike."""

import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any, Protocol, TypeVar, get_args, get_origin, get_type_hints

import gradio as gr
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from app.pages.answers import Problem, SettingProblem
from app.pages.questions import NO_SUCH_ID
from app.web.actors import caller
from core.errors import ConfigError, StudioError

NAMES = ("__module__", "__name__", "__qualname__", "__doc__")  # of a method, which its handler keeps
AS_EVENT = inspect.Signature([inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in ("self", "value", "request")])  # what Gradio calls

SHOWN_DIGITS = 20  # of a number that nothing has

P = TypeVar("P")
Q = TypeVar("Q")
Reply = dict[str, Any]


class Runs(Protocol):
    """Something that is told of again and again until it is done."""

    @property
    def running(self) -> bool: ...


V = TypeVar("V", bound=Runs)


def answers(handler: Callable[[P, Q, str], Any]) -> Callable[[P, object, gr.Request], Any]:
    """Make a method that answers a question into a handler of events. The question's type is that of the method's parameter.

    It learns who calls before anything else happens. What the person can put right comes back as a `Problem`.
    """

    @wraps(handler, assigned=NAMES)
    def answer(self: P, value: object, request: gr.Request) -> Any:
        editor = caller(request)
        try:
            told = handler(self, read_question(_question_type(handler), value), editor)
        except StudioError as error:
            told = _problem(error)
        return gr.update(reply={**to_reply(told), "seq": _seq(value)})

    answer.__signature__ = AS_EVENT  # type: ignore[attr-defined]
    return answer


def tells(handler: Callable[[P, Q, str], Iterator[Any]]) -> Callable[[P, object, gr.Request], Iterator[Any]]:
    """The same for a method that answers again and again: the first word answers the question, the others follow it unasked."""

    @wraps(handler, assigned=NAMES)
    def tell(self: P, value: object, request: gr.Request) -> Iterator[Any]:
        editor, seq = caller(request), _seq(value)
        try:
            with closing(handler(self, read_question(_question_type(handler), value), editor)) as words:  # type: ignore[type-var]
                for told in words:
                    yield gr.update(reply={**to_reply(told), "seq": seq})
                    seq = None
        except StudioError as error:
            yield gr.update(reply={**to_reply(_problem(error)), "seq": seq})

    tell.__signature__ = AS_EVENT  # type: ignore[attr-defined]
    return tell


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
    """What was sent, as a value of that type; the tab's own mark on it is not part of the question.

    Raises:
        ConfigError: It is no such question.
    """
    sent = {name: field for name, field in value.items() if name != "seq"} if isinstance(value, dict) else value
    try:
        question: Q = _adapter(kind).validate_python(sent)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        name = str(first["loc"][0]).replace("_", " ") if first["loc"] else "question"
        if first["type"] == NO_SUCH_ID:
            raise ConfigError(f"There is no {name} {str(first['input'])[:SHOWN_DIGITS]}.") from error
        raise ConfigError(f"There is no usable {name} in what was sent. Reload the page, then try again.") from error
    return question


def to_reply(answer: object) -> Reply:
    """An answer as it is sent."""
    reply: Reply = to_jsonable_python(answer)
    return reply


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One thing that can be asked: by a page as an event of its component, by a script at an address."""

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
    return {"endpoints": found, "problem": TypeAdapter(Problem).json_schema(), "$defs": shared.get("$defs", {})}


def _problem(error: StudioError) -> Problem:
    if isinstance(error, ConfigError) and error.setting is not None:
        return SettingProblem(message=str(error), setting=error.setting)
    return Problem(message=str(error))


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _question_type(handler: Callable[..., Any]) -> Any:
    return get_type_hints(handler)["question"]


def _seq(value: object) -> object:
    return value.get("seq") if isinstance(value, dict) else None
