"""The proof that a chat template ends, rendered in a child process: a template is a program of whoever made the model. Imports no torch.

It may loop for ever or write gigabytes, and neither can be stopped where it runs. Templates that cannot, because they do nothing but write out the
turns one after the other, need no child; most are such, and a process costs a second.
"""

from collections.abc import Sequence
from typing import Any

from core.budget import Limit, Pool
from core.errors import ModelError, OverBudgetError

MAX_TEMPLATE_CHARS = 100_000  # the longest ones published have a fifth
MAX_RENDERED_CHARS = 200_000  # of what a template may add to what it is given
PROVED_WITHIN_S = 6.0
CHILDREN = Pool(("transformers.utils.chat_template_utils",), size=1, idle_s=60.0, patience_s=60.0)
_PLAIN = frozenset(
    ("Template", "Output", "TemplateData", "For", "If", "Name", "Const", "Getitem", "Getattr", "Compare", "Operand", "And", "Or", "Not", "Add", "Concat")
)

Turn = dict[str, Any]


def require_bounded(source: str, ways: Sequence[Sequence[Turn]], given: dict[str, Any], name: str) -> None:
    """Raise ModelError unless a template ends soon, and writes no more than a prompt, in each way of asking. That it may fail is found out elsewhere.

    Args:
        source: The template.
        ways: The turns of one prompt, in each form in which they may be given.
        given: Further variables.
        name: Of the model.
    """
    if len(source) > MAX_TEMPLATE_CHARS:
        raise ModelError(f"The chat template of {name} has {len(source):,} characters; the limit is {MAX_TEMPLATE_CHARS:,}. Choose another model.")
    if is_plain(source):
        return
    limit = Limit(what=f"Rendering the chat template of {name}", seconds=PROVED_WITHIN_S, remedy="Choose another model.")
    try:
        lengths = CHILDREN.within(limit, rendered_lengths, source, [list(way) for way in ways], given)
    except OverBudgetError as error:
        raise ModelError(str(error)) from error
    for length in lengths:
        require_short(length, name)


def require_short(length: int, name: str) -> None:
    """Raise ModelError where a template has written more than belongs to a prompt."""
    if length > MAX_RENDERED_CHARS:
        raise ModelError(f"The chat template of {name} adds {length:,} characters to a prompt; the limit is {MAX_RENDERED_CHARS:,}. Choose another model.")


def is_plain(source: str) -> bool:
    """Whether a template does nothing but write out the turns one after the other: no loop in a loop, no call, no filter, nothing that grows."""
    from jinja2 import Environment, TemplateError, nodes

    try:
        tree = Environment(autoescape=False).parse(source)  # it is read, never rendered
    except (TemplateError, RecursionError):
        return False
    loops = list(tree.find_all(nodes.For))
    over_turns = all(isinstance(loop.iter, nodes.Name) and loop.iter.name == "messages" and not loop.recursive for loop in loops)
    nested = any(True for loop in loops for _ in loop.find_all(nodes.For))
    return over_turns and not nested and all(type(node).__name__ in _PLAIN for node in tree.find_all(nodes.Node))


def rendered_lengths(source: str, ways: Sequence[list[Turn]], given: dict[str, Any]) -> list[int]:
    """How many characters a template writes beyond those that it is given, for each way that it can be asked. Runs in a child."""
    from jinja2 import TemplateError
    from transformers.utils.chat_template_utils import render_jinja_template

    lengths = []
    for turns in ways:
        try:
            rendered: Any = render_jinja_template([turns], chat_template=source, add_generation_prompt=True, **given)
        except (TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError):
            continue
        lengths.append(len(rendered[0][0]) - len(str(turns)))
    return lengths
