"""A check for a statement that allows one, read off its words. English statements only, and none rather than a wrong one: what is asked for under a
condition, in part of a reply, or in one of several ways gives nothing. A person takes the proposal or not.
"""

import re
from collections.abc import Callable

from core.constitution.checks import CHECKS, Check
from core.constitution.languages import language_code

_ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_ONES += ["thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_FIRST, _FURTHER = "|".join([*_TENS, *reversed(_ONES), "hundred", "dozen"]), "|".join([*_TENS, *reversed(_ONES), "hundred"])
_WORD_NUMBER = rf"(?:a\s+(?=hundred|dozen))?\b(?:{_FIRST})\b(?:[\s-]+(?:and\s+)?(?:{_FURTHER})\b)*"
_NUMBER = rf"(?:\d[\d,]*|a\s+single|{_WORD_NUMBER})"
_RANGE = rf"(?:{_NUMBER}(?:\s+(?:or|to)\s+|(?<=\d)\s*[-–]\s*))?(?P<n>{_NUMBER})"
_SIZE = r"(?:(?:short|brief|single|simple|concise|clear|complete|plain|long)\s*,?\s+)*"

_AT_MOST = r"(?:at\s+(?:the\s+)?most|(?:no|not)\s+more\s+than|no\s+longer\s+than|up\s+to|(?:a\s+)?max(?:imum)?(?:\s+of)?|within|limit(?:ed)?\s+to)"
_NOT_OVER = r"(?:(?:not|never|n['’]t)\s+(?:\w+\s+){0,3}(?:exceed|more\s+than|longer\s+than|over))"
_FEWER = r"(?:fewer\s+than|less\s+than|shorter\s+than|under|below)"
_AT_LEAST = r"(?:at\s+least|(?:a\s+)?min(?:imum)?(?:\s+of)?|(?:no|not)\s+(?:fewer|less)\s+than)"
_OR_FEWER = r"(?:or\s+(?:fewer|less)|at\s+(?:the\s+)?most|max(?:imum)?)\b"

_VERB = r"(?:answer|reply|respond|write|speak|talk|give|say|phrase|format|produce|return|output|use|respond)s?\b"
_WHOLE = (
    r"(?:(?:always|only|all|every|the|your|a|an|whole|entire|complete|full|reply|replies|answer|answers|response|responses|everything|message|text|back"
    r"|entirely|completely|exclusively|strictly|fully|in|as|with|using|just|single|valid|to|questions?|user|nothing\s+but)\s+)*"
)
_NO = re.compile(
    r"\b(?:no|not|never|none|nor|neither|without|avoid\w*|refrain\w*|stop|skip|omit|forbid\w*|cannot|rather\s+than|instead\s+of|free\s+of)\b|n['’]t\b"
)
_NO_AFTER = re.compile(r"\s*(?:is|are|should|must|may|can|shall|will|do|does)\s*(?:not|never|n['’]t)|\s*(?:is|are)\s+(?:forbidden|banned|bad|avoided)")
_CONDITION = re.compile(
    r"\b(?:if|when|whenever|unless|except|where|sometimes|occasionally|often|usually|may|might|optional\w*|prefer\w*|"
    r"you\s+can\s+(?:use|add|include|answer|write|give|end|begin|start|mention)|then|first|followed\s+by|after|before|about\s+how)\b"
)
_IN_PART = re.compile(
    r"\b(?:each|every|per)\s+(?!(?:of\s+)?(?:your\s+)?(?:repl|answer|response|message|time|question))|\b(?:title|heading|paragraph|line|section|quote)s?\b"
)
_LIMITED = re.compile(r"\b(?:at\s+most|no\s+more|up\s+to|few|fewer|less|only\s+one|one|max\w*)\b")
_QUOTED = r"[\"“”«‘'](?P<{0}>[^\"“”«»‘’']{{1,60}})[\"“”»’']"

Found = Callable[[str, str], Check | None]  # of a sentence, lower-cased and as it was written


def suggest(statement: str) -> Check | None:
    """The check that a statement asks for in so many words; None where it asks for none, or for what no check can tell."""
    for sentence in re.split(r"(?<=[.!?;])\s+|\n+|\bbut\b", statement):
        lowered = sentence.lower()
        if _CONDITION.search(lowered) or len(sentence) > 400:
            continue
        for find in (_of_words, _of_sentences, _excluded, _contained, _opening, _letters, _question, _bullets, _emoji, _json, _language):
            if check := find(lowered, sentence):
                return check
    return None


def in_words(check: Check) -> str:
    """What a proposed check says: “The reply has at most 20 words.”"""
    says = CHECKS[check.name].says
    if check.argument is None:
        return f"The reply {says}."
    if CHECKS[check.name].argument is int:
        counted = re.sub(r"\bN\b", str(check.argument), says)
        return f"The reply {counted.removesuffix('s') if check.argument == 1 else counted}."
    return f"The reply {says}: {check.argument}."


def _number(text: str) -> int:
    digits = text.replace(",", "")
    if digits.isdigit():
        return int(digits[:9])
    total = 0
    for word in re.findall(r"[a-z]+", text):
        if word == "hundred":
            total = 100 * max(1, total)
        elif word == "dozen":
            total = 12 * max(1, total)
        elif word in _TENS:
            total += 20 + 10 * _TENS.index(word)
        else:
            total += _ONES.index(word) if word in _ONES else 1 if word == "single" else 0
    return total


def _asserted(text: str, match: re.Match[str]) -> bool:
    """Whether the sentence asks for what was found, and does not forbid it."""
    return not _NO.search(text[: match.start()]) and not _NO_AFTER.match(text[match.end() :])


def _counted(text: str, patterns: tuple[tuple[str, int], ...], unit: str) -> int | None:
    """The number that the first of some patterns gives; each has what is to be added to it."""
    for pattern, more in patterns:
        match = re.search(pattern.replace("RANGE", _RANGE).replace("UNIT", unit), text)
        if match and (pattern.startswith(_NOT_OVER) or _asserted(text, match)):
            return _number(match["n"]) + more
    return None


_MOST = (
    (rf"{_NOT_OVER}\s+RANGE\s+UNIT", 0),
    (rf"\b{_AT_MOST}\s+RANGE\s+{_SIZE}UNIT", 0),
    (rf"\b{_FEWER}\s+RANGE\s+{_SIZE}UNIT", -1),
    (rf"\bRANGE\s+{_SIZE}UNIT\s+{_OR_FEWER}", 0),
    (rf"\bin\s+(?:only\s+|just\s+|exactly\s+)?RANGE\s+{_SIZE}UNIT(?!\s+or\s+more)", 0),
)
_LEAST = (
    (rf"\b{_AT_LEAST}\s+RANGE\s+UNIT", 0),
    (r"\bRANGE\s+UNIT\s+or\s+(?:more|longer)", 0),
    (r"\b(?:more|longer)\s+than\s+RANGE\s+UNIT", 1),
)


def _of_words(text: str, _: str) -> Check | None:
    if _IN_PART.search(text) or re.search(r"\bsentences?\b|\bbetween\b|\bbullets?\b|\bpoints\b", text):
        return None
    most = _counted(text, _MOST, r"words?\b")
    if most is not None:
        return Check("max_words", most) if most > 0 else None
    least = _counted(text, _LEAST, r"words?\b")
    return Check("min_words", least) if least else None


def _of_sentences(text: str, _: str) -> Check | None:
    if _IN_PART.search(text) or re.search(r"\bbetween\b|\bbullets?\b|\bpoints\b|\bat\s+least\b|\bwords?\b", text):
        return None
    most = _counted(text, (*_MOST, (rf"\b(?P<n>{_NUMBER}|a)-sentence\s+(?:repl|answer|response)", 0)), r"sentences?\b")
    return Check("max_sentences", most) if most and most > 0 else None


_NAMED = r"the\s+(?:exact\s+)?(?:words?|phrases?|terms?|names?)\s+"


def _items(written: str) -> list[str] | None:
    """Quoted texts of a list, or single words parted by commas, “and” or “or”; None where it is neither."""
    quoted = [found["item"] for found in re.finditer(_QUOTED.format("item"), written)]
    rest = re.sub(_QUOTED.format("item"), " ", written) if quoted else ""
    words = quoted or [word for word in re.split(r"\s*,\s*(?:(?:and|or)\s+)?|\s+(?:and|or|nor)\s+", written.strip(" .!?;:")) if word]
    plain = not re.sub(r"\b(?:and|or|nor|the|words?|phrases?)\b|[\s,.!?;:]", "", rest.lower())
    fits = all("|" not in word and word.strip() and (quoted or re.fullmatch(r"[\w'’-]+", word)) for word in words)
    return [word.strip() for word in words] if words and plain and fits else None


def _excluded(text: str, sentence: str) -> Check | None:
    match = re.search(
        rf"(?:\b(?:never|not|avoid|without|no|cannot)|n['’]t)\b[\w\s]{{0,20}}?\b(?:{_NAMED}|(?:say|use|write|mention)\s+(?=[\"“‘']))(?P<list>.+)", text
    )
    items = _items(sentence[match.start("list") :]) if match and not _NO.search(text[: match.start()]) else None
    return Check("excludes", "|".join(items)) if items else None


def _contained(text: str, sentence: str) -> Check | None:
    match = re.search(rf"\b(?:mention|use|include|contain|say|write)s?\s+(?:\w+\s+){{0,2}}?(?:{_NAMED}|(?=[\"“‘']))(?P<list>.+)", text)
    if not match or not _asserted(text, match) or _IN_PART.search(text) or _NO.search(text[match.start() :]):
        return None
    items = _items(sentence[match.start("list") :])
    together = re.search(r"\band\b|\bboth\b|\ball\b", match[0])  # a check tells one of several, not all of them
    return Check("contains", "|".join(items)) if items and not together else None


def _opening(text: str, sentence: str) -> Check | None:
    named = r"(?:the\s+(?:exact\s+)?(?:words?|phrase|text|greeting|sentence)\s*:?\s+)?"
    match = re.search(
        rf"\b(?:begin|start|open)s?\s+(?:[\w]+\s+){{0,3}}?(?:with|by\s+saying)\s+(?:{named}{_QUOTED.format('a')}|the\s+word\s+(?P<b>[\w'’-]+))", text
    )
    if not match or not _asserted(text, match) or _IN_PART.search(text) or re.match(r"\s*,?\s*(?:or|and)\b", text[match.end() :]):
        return None
    group = "a" if match["a"] else "b"
    return Check("starts_with", sentence[match.start(group) : match.end(group)].strip(" .,"))


_CAPITALS = r"(?:capital\s+letters|capitals|all[\s-]caps|upper[\s-]?case(?:\s+letters)?)\b"
_SMALL = r"(?:lower[\s-]?case(?:\s+letters)?|small\s+letters)\b"


def _letters(text: str, _: str) -> Check | None:
    if re.search(rf"(?:{_NO.pattern})\s+(?:\w+\s+){{0,2}}?(?:any\s+)?{_CAPITALS}", text) and not _IN_PART.search(text):
        return Check("lowercase")
    for name, own, other in (("capital_letters", _CAPITALS, _SMALL), ("lowercase", _SMALL, _CAPITALS)):
        match = re.search(rf"\b{_VERB}\s+{_WHOLE}(?:in|only|all|using|use)?\s*(?:all\s+|only\s+)?{own}", text)
        if match and _asserted(text, match) and not re.search(other, text) and not re.match(r"\s+(?:for|at|to|in|of)\b", text[match.end() :]):
            return Check(name)
    return None


def _question(text: str, _: str) -> Check | None:
    match = re.search(r"\b(?:end|finish|close|conclude)s?\s+(?:[\w]+\s+){0,3}?(?:with|by\s+asking|on)\s+(?:an?|one)\s+(?:[\w-]+\s+){0,3}?question\b", text)
    return Check("ends_with_question") if match and _asserted(text, match) and not _IN_PART.search(text) else None


def _bullets(text: str, _: str) -> Check | None:
    what = r"(?:bullet(?:ed)?[\s-]+(?:points|lists?)|bullets|numbered\s+(?:steps|lists?|points|items))\b"
    match = re.search(rf"\b(?:in|as|with|use|using|of|into|write|give)\s+(?:[\w-]+\s+){{0,3}}?{what}", text)
    plain = match and not _NO.search(match[0]) and not _LIMITED.search(match[0]) and _asserted(text, match)
    return Check("bulleted_list") if plain else None


def _emoji(text: str, _: str) -> Check | None:
    match = re.search(r"\b(?:use|add|include|contain|have|with|put|insert|using)s?\s+(?:[\w-]+\s+){0,3}?emojis?\b", text)
    if not match or not _asserted(text, match) or _NO.search(match[0]):
        return None
    return None if re.search(r"\b(?:at\s+most|no\s+more|up\s+to|few|fewer|less|only\s+one|max\w*)\b", text) else Check("emoji")


def _json(text: str, _: str) -> Check | None:
    match = re.search(rf"\b{_VERB}\s+{_WHOLE}json\b(?!\s+schema)", text)
    return Check("json") if match and _asserted(text, match) else None


def _language(text: str, _: str) -> Check | None:
    manner = r"(?:(?:plain|simple|good|fluent|modern|correct|standard|easy|clear)\s+)*"
    match = re.search(rf"\b{_VERB}\s+{_WHOLE}(?<=in\s){manner}(?P<name>[^\W\d_]{{4,20}})\b", text)
    if not match or not _asserted(text, match) or re.match(r"\s*(?:,|and\b|or\b|/)\s*\w", text[match.end() :]):
        return None
    code = language_code(match["name"])
    return Check("language", code) if code else None
