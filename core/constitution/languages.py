"""Names and codes of languages: what people write in a check, and the ISO 639-1 codes that can be told from a reply."""

# The two-letter codes of the language detector's model; each is an ISO 639-1 code, `sh` for Serbo-Croatian an older one.
_CODES_KNOWN = """
af am an ar as av az ba be bg bn bo br bs ca ce co cs cv cy da de dv el en eo es et eu fa fi fr fy ga gd gl gn gu gv he
hi hr ht hu hy ia id ie io is it ja jv ka kk km kn ko ku kv kw ky la lb li lo lt lv mg mk ml mn mr ms mt my ne nl nn no
oc or os pa pl ps pt qu rm ro ru sa sc sd si sk sl so sq sr su sv sw ta te tg th tk tl tr tt ug uk ur uz vi vo wa yi yo
zh
"""
KNOWN = frozenset(_CODES_KNOWN.split())

_NAMES = {
    "ar": "arabic العربية ara",
    "bg": "bulgarian български bul",
    "bn": "bengali bangla বাংলা ben",
    "ca": "catalan català cat",
    "cs": "czech čeština česky ces cze",
    "da": "danish dansk dan",
    "de": "german deutsch deu ger",
    "el": "greek ελληνικά ell gre",
    "en": "english eng",
    "es": "spanish español castellano spa",
    "et": "estonian eesti est",
    "eu": "basque euskara eus",
    "fa": "persian farsi فارسی fas per",
    "fi": "finnish suomi fin",
    "fr": "french français francais fra fre",
    "ga": "irish gaeilge gle",
    "he": "hebrew עברית heb iw",
    "hi": "hindi हिन्दी hin",
    "hr": "croatian hrvatski hrv",
    "hu": "hungarian magyar hun",
    "id": "indonesian ind in",
    "is": "icelandic íslenska isl",
    "it": "italian italiano ita",
    "ja": "japanese 日本語 jpn jp",
    "ko": "korean 한국어 kor kr",
    "la": "latin lat",
    "lt": "lithuanian lietuvių lit",
    "lv": "latvian latviešu lav",
    "ms": "malay melayu msa",
    "nl": "dutch nederlands nld dut",
    "no": "norwegian norsk nor nb nn bokmål nynorsk",
    "pl": "polish polski pol",
    "pt": "portuguese português portugues por",
    "ro": "romanian română ron",
    "ru": "russian русский rus",
    "sk": "slovak slovenčina slk",
    "sl": "slovenian slovenščina slv",
    "sr": "serbian српски srp",
    "sv": "swedish svenska swe",
    "sw": "swahili kiswahili swa",
    "ta": "tamil தமிழ் tam",
    "te": "telugu తెలుగు tel",
    "th": "thai ไทย tha",
    "tl": "tagalog filipino fil tgl",
    "tr": "turkish türkçe turkce tur",
    "uk": "ukrainian українська ukr ua",
    "ur": "urdu اردو urd",
    "vi": "vietnamese vi việt vie",
    "yi": "yiddish ji",
    "zh": "chinese mandarin 中文 zho chi cn",
}
_CODES = {name: code for code, names in _NAMES.items() for name in names.split()}


def language_code(written: str) -> str | None:
    """The code that is meant by a code, a code with a region or a script (`pt_BR`, `zh-Hant-TW`), or a name; None when it is none we know."""
    plain = written.strip().casefold()
    first = plain.replace("_", "-").split("-")[0]
    if first in KNOWN:
        return first if plain == first or _is_region(plain[len(first) + 1 :]) else None
    if plain in _CODES:
        return _CODES[plain]
    return _CODES.get(first) if first != plain and _is_region(plain[len(first) + 1 :]) else None


def _is_region(rest: str) -> bool:
    parts = rest.replace("_", "-").split("-")
    return all(part.isascii() and part.isalnum() and 2 <= len(part) <= 8 for part in parts)
