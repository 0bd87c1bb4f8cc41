"""What a user asks first, in a text, in turns, or in a chat."""

import json
from collections import Counter
from typing import Any

from core.constitution.text import folded

USER = ("user", "human", "prompter")
CHATS = ("messages", "conversations", "conversation", "turns")  # columns whose texts are such in JSON


def asked_first(value: str | list[Any] | dict[str, Any], notes: Counter[str]) -> str | None:
    """The first turn of a user's; None where there is none, or where it is no text."""
    if isinstance(value, str):
        if value.lstrip()[:2] in ('["', "[{", "[ ") and (held := _held(value)) is not None:
            return asked_first(held, notes)
        return _human_turn(value, notes) if value.lstrip().startswith("Human:") else value
    turns = value if isinstance(value, list) else [value]
    if turns and all(isinstance(turn, str) for turn in turns):
        if len(turns) > 1:
            notes["only the first of several turns is asked"] += 1
        return str(turns[0])
    spoken = [(folded(str(turn.get("role", turn.get("from", "")))), turn.get("content", turn.get("value"))) for turn in turns if isinstance(turn, dict)]
    if any(role in ("system", "developer") for role, _ in spoken):
        notes["a system message is left out"] += 1
    asked = [content for role, content in spoken if role in USER]
    if len(asked) > 1:
        notes["only the first of several turns is asked"] += 1
    return _plain(asked[0]) if asked else None


def is_unreadable(value: object, column: str) -> bool:
    """Whether a text stands for turns and is no JSON, as `[{'role': …}]`, which programs write that print a list instead of saving it."""
    if not isinstance(value, str):
        return False
    text = value.strip()
    chat = text.startswith(("[{", "['", "{'")) if folded(column) in CHATS else text.startswith(("[{'role'", "[{'from'", "[{'content'", "[{'value'"))
    return chat and _held(text) is None


def _held(value: str) -> list[Any] | None:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) and found else None


def _human_turn(value: str, notes: Counter[str]) -> str:
    """The first turn of a dialogue as in HH-RLHF: `Human: … Assistant: …`."""
    first, _, rest = value.lstrip().removeprefix("Human:").partition("\n\nAssistant:")
    if "\n\nHuman:" in rest:
        notes["only the first of several turns is asked"] += 1
    return first


def _plain(content: object) -> str | None:
    """The text of a message, whose content may be a list of parts; None where a part is no text."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") if isinstance(part, dict) else None for part in parts]
    return "\n".join(str(text) for text in texts) if texts and all(isinstance(text, str) for text in texts) else None
