"""From turns to token ids: the chat template rendered, what it loses found out, and control tokens left to the template alone.

A template may take texts whole or as lists of parts, may know no system role, may read the clock, may begin a thinking block. Texts
of a person are data: where one spells a control token (`<|im_end|>`, `<s>`), its characters are encoded, never the token.
"""

import datetime
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

from transformers import PreTrainedTokenizerBase

from core.constitution.principles import Turns
from core.engine.rendering import require_bounded, require_short
from core.errors import ModelError, UnsupportedModelError, first_line

NEXT_TURN = "\nHuman:"  # where a model without a chat template ends its reply, besides its end token
FIXED_DATE = datetime.datetime(2024, 7, 26)  # noqa: DTZ001  # what a template is told that asks for today's date
THINKING_SWITCHES = ("enable_thinking", "thinking")
_CLOCK = re.compile(r"""\bstrftime_now\(\s{0,9}(['"])(.{0,99}?)\1\s{0,9}\)""")
RENDERINGS = 8  # of one prompt, which must all be alike
_OPEN_BLOCK = re.compile(r"(?:<((?:\w+:)?(?:think|thinking|thought|reasoning))>|\[(THINK)\])\s*\Z")
_REPLY = "qxzreplyzxq"
PROOF = Turns("You are a helpful assistant.", "Answer in one short sentence.\n\nWhy is the sky blue, and not green?")  # what a model is tried on

LONG_PROOF = Turns(PROOF.system, PROOF.user * 100, (("Why?", "So."),) * 4)  # and what its template must end on as well

Message = dict[str, Any]


def chat_ids(tokenizer: PreTrainedTokenizerBase, prompt: Turns, name: str) -> list[int]:
    """Token ids of a prompt through the chat template, ready for the reply.

    Raises:
        ModelError: The template cannot render it, loses a part of it, or the tokenizer does.
    """
    return _encode(tokenizer, prompt, name, lambda turns: _rendered(tokenizer, turns, name), add_special_tokens=False)


def plain_ids(tokenizer: PreTrainedTokenizerBase, prompt: Turns, name: str) -> list[int]:
    """Token ids of SAMI's plain text (arXiv 2404.14313, App. A.16), for a model without a chat template."""
    return _encode(tokenizer, prompt, name, _plain_text, add_special_tokens=True)


def prove_template(tokenizer: PreTrainedTokenizerBase, name: str) -> None:
    """Raise ModelError unless the prompt of a fixed query holds it whole, and is the same each time."""
    if not tokenizer.chat_template:
        plain_ids(tokenizer, PROOF, name)
        return
    source = _source(tokenizer)
    ways = [turns for prompt in (PROOF, LONG_PROOF) for turns in _ways(prompt)]
    require_bounded(_dated(source), ways, {**tokenizer.special_tokens_map, **_given(source)}, name)
    if re.search(r"\bstrftime_now\(", _dated(_source(tokenizer))):
        raise ModelError(
            f"The chat template of {name} reads the clock in a way that cannot be held still, so no figure could be repeated. Choose another model."
        )
    chat_ids(tokenizer, PROOF, name)
    if len({_rendered(tokenizer, PROOF, name) for _ in range(RENDERINGS)}) > 1:
        raise ModelError(f"The chat template of {name} gives another prompt each time it is rendered, so no figure could be repeated. Choose another.")


def template_notices(tokenizer: PreTrainedTokenizerBase, name: str) -> list[str]:
    """What people should know about how the template is used."""
    if not tokenizer.chat_template:
        return []
    source, found = _source(tokenizer), []
    if any(_names(source, switch) for switch in THINKING_SWITCHES):
        found.append(f"{name} can think before it replies; it is asked with thinking switched off.")
    rendered = _attempts(tokenizer, PROOF, close=False)
    if any(text is not None and _OPEN_BLOCK.search(text) for text in rendered):
        found.append(f"The chat template of {name} opens a thinking block; it is closed at once, so that the reply itself is read.")
    if _CLOCK.search(source):
        found.append(f"The chat template of {name} asks for today's date; it is always told {FIXED_DATE:%d %B %Y}, so that results can be repeated.")
    return found


def _plain_text(prompt: Turns) -> str:
    shown = "".join(f"{NEXT_TURN} {said}\n\nAssistant: {reply}\n" for said, reply in prompt.shown)
    return f"{prompt.system}\n{shown}{NEXT_TURN} {prompt.user}\n\nAssistant:"


def _rendered(tokenizer: PreTrainedTokenizerBase, prompt: Turns, name: str) -> str:
    """The first way of asking that loses nothing: texts whole, then as parts; the system text in its own turn, then at the head."""
    attempts = _attempts(tokenizer, prompt)
    for text in attempts:
        if text is not None and not _lost(prompt, text):
            require_short(len(text) - sum(map(len, _texts(prompt))), name)
            return text
    if all(text is None for text in attempts):
        raise ModelError(f"The chat template of {name} cannot render a user turn. Choose another model.")
    lost = next(_lost(prompt, text) for text in attempts if text is not None)
    raise ModelError(f"The chat template of {name} loses or changes what it is given ({_short(lost)}), so the model would not read it. Choose another model.")


def _attempts(tokenizer: PreTrainedTokenizerBase, prompt: Turns, *, close: bool = True) -> list[str | None]:
    texts: list[str | None] = []
    for messages in _ways(prompt):
        texts.append(_render(tokenizer, messages, close=close))
        if texts[-1] is not None and not _lost(prompt, texts[-1]):
            break
    return texts


def _ways(prompt: Turns) -> list[list[Message]]:
    """The turns of a prompt in each form that a template may take."""
    turns: list[Message] = [{"role": role, "content": text} for pair in prompt.shown for role, text in zip(("user", "assistant"), pair, strict=True)]
    turns.append({"role": "user", "content": prompt.user})
    whole = [{"role": "system", "content": prompt.system}, *turns]
    headed = [{"role": "user", "content": f"{prompt.system}\n\n{turns[0]['content']}"}, *turns[1:]]
    return [whole, headed, _in_parts(whole), _in_parts(headed)]


def _in_parts(messages: Sequence[Message]) -> list[Message]:
    return [{**message, "content": [{"type": "text", "text": message["content"]}]} for message in messages]


def _lost(prompt: Turns, text: str) -> str:
    """The first text of the prompt that does not stand in the rendered one; empty when all do."""
    return next((part for part in _texts(prompt) if part.strip() not in text), "")


def _texts(prompt: Turns) -> tuple[str, ...]:
    return (prompt.system, *(part for pair in prompt.shown for part in pair), prompt.user)


def _render(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], *, close: bool) -> str | None:
    text = _applied(tokenizer, messages)
    if text is None:
        return None
    text += _unopened(tokenizer, messages, text)
    block = _OPEN_BLOCK.search(text) if close else None
    if block is None:
        return text
    return f"{text[: block.start()]}{block[0].strip()}\n\n{f'</{block[1]}>' if block[1] else '[/THINK]'}\n\n"


def _applied(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], *, open_reply: bool = True) -> str | None:
    """What a template makes of these turns; None for a turn it does not know."""
    from jinja2 import TemplateError

    source = _source(tokenizer)
    try:
        return str(
            tokenizer.apply_chat_template(list(messages), chat_template=_dated(source), tokenize=False, add_generation_prompt=open_reply, **_given(source))
        )
    except (TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError, MemoryError):  # whatever a template may raise
        return None


def _unopened(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], text: str) -> str:
    """What has to be added so that the reply is begun, where a template does not heed `add_generation_prompt`: its past replies show how one begins."""
    if _applied(tokenizer, messages, open_reply=False) != text:
        return ""
    reply: Message = {"role": "assistant", "content": _REPLY}
    past = [*messages, *(_in_parts([reply]) if isinstance(messages[-1]["content"], list) else [reply])]
    before, found, _ = (_applied(tokenizer, past, open_reply=False) or "").partition(_REPLY)
    header = before.removeprefix(text) if found and before.startswith(text) else ""
    return header if header.strip() else ""


def _source(tokenizer: PreTrainedTokenizerBase) -> str:
    """The template that chats are rendered with, of those that a tokenizer has."""
    template = tokenizer.chat_template or ""
    return str(template.get("default", "")) if isinstance(template, dict) else str(template)


def _dated(source: str) -> str:
    """A template with the fixed date where it would ask for today's."""
    return _CLOCK.sub(lambda call: f"{call[1]}{FIXED_DATE.strftime(call[2])}{call[1]}", source)


def _names(source: str, variable: str) -> bool:
    """Whether a template asks for a variable, in one of its tags."""
    tags = (re.split(r"[%}]\}", opened, maxsplit=1)[0] for opened in re.split(r"\{[%{]", source)[1:])
    return any(re.search(rf"\b{variable}\b", tag) for tag in tags)


def _given(source: str) -> dict[str, Any]:
    """What a template is told besides the turns."""
    return {switch: False for switch in THINKING_SWITCHES if _names(source, switch)}


def _encode(tokenizer: PreTrainedTokenizerBase, prompt: Turns, name: str, to_text: Callable[[Turns], str], *, add_special_tokens: bool) -> list[int]:
    """Ids of the rendered prompt, with exactly the control tokens that it has around harmless texts."""
    text = to_text(prompt)
    ids = _ids(tokenizer, text, add_special_tokens)
    stencil, marks = _stencil(prompt)
    frame = to_text(stencil)
    control = _control_tokens(tokenizer, _source(tokenizer))
    expected = _counts(_ids(tokenizer, frame, add_special_tokens), control)
    if _counts(ids, control) != expected:
        ids = _joined(tokenizer, _cut(_filled(frame, marks, text, name), control), add_special_tokens)
        if _counts(ids, control) != expected:
            raise ModelError(f"The tokenizer of {name} takes a part of a text for a control token. Take such marks as `<|…|>` out of the text.")
    _require_read(tokenizer, prompt, ids, name)
    return ids


def _ids(tokenizer: PreTrainedTokenizerBase, text: str, add_special_tokens: bool) -> list[int]:
    ids: list[int] = tokenizer(text, add_special_tokens=add_special_tokens)["input_ids"]
    return ids


def _counts(ids: Sequence[int], control: dict[int, str]) -> Counter[int]:
    return Counter(i for i in ids if i in control)


@lru_cache(maxsize=4)
def _control_tokens(tokenizer: PreTrainedTokenizerBase, source: str) -> dict[int, str]:
    """Added tokens that steer the model: the special ones, and those that its template writes."""
    added = tokenizer.added_tokens_decoder.items()
    return {i: token.content for i, token in added if token.content.strip() and (token.special or token.content in source)}


def _stencil(prompt: Turns) -> tuple[Turns, dict[str, str]]:
    """The same turns with a word in the place of each text, and what each word stands for."""
    texts = iter((prompt.system, prompt.user, *(part for pair in prompt.shown for part in pair)))
    marks: dict[str, str] = {}

    def mark() -> str:
        word = f"qxz{len(marks)}zxq"
        marks[word] = next(texts)
        return word

    return Turns(mark(), mark(), tuple((mark(), mark()) for _ in prompt.shown)), marks


def _filled(frame: str, marks: dict[str, str], text: str, name: str) -> list[tuple[str, bool]]:
    """The rendered prompt in pieces, each with whether a person wrote it."""
    pieces = re.split("(qxz[0-9]+zxq)", frame)
    for fill in (str, str.strip):
        found = [(fill(marks[piece]), True) if piece in marks else (piece, False) for piece in pieces]
        if "".join(piece for piece, _ in found) == text:
            return found
    raise ModelError(
        f"A text holds a mark that steers {name}, and its chat template changes the text, so the two cannot be told apart. "
        "Take such marks as `<|…|>` out of the text."
    )


def _cut(pieces: Sequence[tuple[str, bool]], control: dict[int, str]) -> list[str]:
    """The prompt, cut within each control token that a person spelled."""
    spelled = re.compile("|".join(re.escape(content) for content in sorted(control.values(), key=len, reverse=True)))
    text, cuts = "", set[int]()
    for piece, written in pieces:
        if written:
            at = 0
            while (match := spelled.search(piece, at)) is not None:
                cuts.add(len(text) + match.start() + 1)
                at = match.start() + 1  # one may begin within another
        text += piece
    return [text[a:b] for a, b in pairwise([0, *sorted(cuts), len(text)])]


def _joined(tokenizer: PreTrainedTokenizerBase, pieces: Sequence[str], add_special_tokens: bool) -> list[int]:
    """Ids of pieces that are encoded one by one. Each but the first goes after a special token, so that no blank is put before it."""
    special = [token.content for token in tokenizer.added_tokens_decoder.values() if token.special and not (token.lstrip or token.rstrip)]
    anchor = next((content for content in special if len(_ids(tokenizer, content, False)) == 1), "")
    before, after = _around(tokenizer) if add_special_tokens else ([], [])
    joined = [*before, *_ids(tokenizer, pieces[0], False)]
    for piece in pieces[1:]:
        joined += _ids(tokenizer, anchor + piece, False)[1 if anchor else 0 :]
    return [*joined, *after]


def _around(tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], list[int]]:
    """What the tokenizer itself puts before and after every text."""
    whole, bare = _ids(tokenizer, "x", True), _ids(tokenizer, "x", False)
    start = next((i for i in range(len(whole)) if whole[i : i + len(bare)] == bare), 0)
    return whole[:start], whole[start + len(bare) :]


def _require_read(tokenizer: PreTrainedTokenizerBase, prompt: Turns, ids: Sequence[int], name: str) -> None:
    """Raise unless the tokens, put back into text, hold every text of the prompt."""
    try:
        read = _bare(str(tokenizer.decode(list(ids))))
    except (TypeError, ValueError, OverflowError) as error:
        raise UnsupportedModelError(f"The tokenizer of {name} cannot read its own tokens: {first_line(error)}. Choose another model.") from error
    for part in _texts(prompt):
        if _bare(part) not in read:
            raise ModelError(f"The tokenizer of {name} has no tokens for a part of this text, so the model would not read it: {_short(part)}")


def _bare(text: str) -> str:
    """A text without what tokenizers may lose: blanks, case, accents, invisible characters."""
    if text.isascii():
        return re.sub(r"[\x00-\x20\x7f]+", "", text).casefold()
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if unicodedata.category(c)[0] not in "MCZ" and not c.isspace())


def _short(text: str) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= 60 else f"{line[:59]}…")
