"""Names and codes of languages: what people write in a check, and the ISO 639-1 codes that can be told from a reply."""

import re
import unicodedata

_BRACKETS = re.compile(r"([^()]*[^() ]) ?\([^()]+\)")  # `English (US)`
# The two-letter codes that the language detector's model gives, but for those that stand for another here (`nn` is told as `no`).
_CODES_KNOWN = """
af am an ar as av az ba be bg bn bo br bs ca ce co cs cv cy da de dv el en eo es et eu fa fi fr fy ga gd gl gn gu gv he
hi hr ht hu hy ia id ie io is it ja jv ka kk km kn ko ku kv kw ky la lb li lo lt lv mg mk ml mn mr ms mt my ne nl no
oc or os pa pl ps pt qu rm ro ru sa sc sd si sk sl so sq sr su sv sw ta te tg th tk tl tr tt ug uk ur uz vi vo wa yi yo
zh
"""
KNOWN = frozenset(_CODES_KNOWN.split())

# Names in English and in the language itself, codes of ISO 639-2 and older ones, and codes of countries where they are no other language's.
# `_` is a blank.
_NAMES = """
af afrikaans afr
am amharic አማርኛ amh
an aragonese aragonés arg
ar arabic العربية ara arz arb
as assamese অসমীয়া asm
av avar avaric ava
az azerbaijani azeri azərbaycanca aze azb
ba bashkir bak
be belarusian беларуская bel
bg bulgarian български bul
bn bengali bangla বাংলা ben
bo tibetan བོད་སྐད་ bod tib
br breton brezhoneg bre
bs bosnian bosanski bos
ca catalan valencian català cat
ce chechen che
co corsican corsu cos
cs czech čeština česky ces cze cz
cv chuvash chv
cy welsh cymraeg cym wel
da danish dansk dan dk
de german deutsch deu ger schwyzerdütsch gsw
dv divehi dhivehi maldivian div
el greek ελληνικά ell gre gr
en english eng
eo esperanto epo
es spanish español espanol castellano castilian spa
et estonian eesti est
eu basque euskara eus baq
fa persian farsi dari فارسی fas per
fi finnish suomi fin
fr french français francais fra fre
fy west_frisian frisian frysk fry
ga irish irish_gaelic gaeilge gle
gd scottish_gaelic scots_gaelic gàidhlig gla
gl galician galego glg
gn guarani guaraní grn
gu gujarati ગુજરાતી guj
gv manx gaelg glv
he hebrew עברית heb iw
hi hindi हिन्दी हिंदी hin
hr croatian hrvatski hrv
ht haitian haitian_creole kreyòl_ayisyen hat
hu hungarian magyar hun
hy armenian հայերեն hye arm
ia interlingua ina
id indonesian bahasa_indonesia ind in
ie interlingue occidental ile
io ido
is icelandic íslenska isl ice
it italian italiano ita
ja japanese 日本語 jpn jp
jv javanese basa_jawa jav
ka georgian ქართული kat geo
kk kazakh қазақша kaz
km khmer cambodian ខ្មែរ khm
kn kannada ಕನ್ನಡ kan
ko korean 한국어 kor kr
ku kurdish kurdî kur kmr ckb sorani kurmanji
kv komi kom
kw cornish kernewek cor
ky kyrgyz kirghiz кыргызча kir
la latin latina lat
lb luxembourgish lëtzebuergesch ltz
li limburgish limburgs lim
lo lao ລາວ
lt lithuanian lietuvių lit
lv latvian latviešu lav
mg malagasy mlg
mk macedonian македонски mkd mac
ml malayalam മലയാളം mal
mn mongolian монгол mon
mr marathi मराठी mar
ms malay bahasa_melayu melayu msa may
mt maltese malti mlt
my burmese မြန်မာ mya bur
ne nepali नेपाली nep
nl dutch flemish nederlands nld dut
no norwegian norsk nor nb nn nob nno bokmål nynorsk norwegian_bokmål norwegian_nynorsk norsk_bokmål norsk_nynorsk
oc occitan oci
or odia oriya ଓଡ଼ିଆ ori ory
os ossetian ossetic oss
pa punjabi panjabi ਪੰਜਾਬੀ pan pnb
pl polish polski pol
ps pashto پښتو pus
pt portuguese português portugues por
qu quechua que
rm romansh roh
ro romanian moldovan română ron rum mo
ru russian русский rus
sa sanskrit संस्कृतम् san
sc sardinian sardu srd
sd sindhi سنڌي snd
si sinhala sinhalese සිංහල sin
sk slovak slovenčina slk slo
sl slovenian slovene slovenščina slv
so somali soomaali som
sq albanian shqip sqi alb
sr serbian српски srpski srp
su sundanese basa_sunda sun
sv swedish svenska swe
sw swahili kiswahili swa
ta tamil தமிழ் tam
te telugu తెలుగు tel
tg tajik тоҷикӣ tgk
th thai ไทย ภาษาไทย tha
tk turkmen türkmençe tuk
tl tagalog filipino fil tgl
tr turkish türkçe turkce tur
tt tatar татарча tat
ug uyghur uighur ئۇيغۇرچە uig
uk ukrainian українська ukr ua
ur urdu اردو urd
uz uzbek oʻzbekcha uzb
vi vietnamese tiếng_việt việt vie vn
vo volapük volapuk vol
wa walloon walon wln
yi yiddish ייִדיש yid ji
yo yoruba yorùbá yor
zh chinese mandarin cantonese putonghua 中文 汉语 漢語 普通话 普通話 国语 國語 华语 華語 粤语 粵語 简体中文 簡體中文 繁体中文 繁體中文 zho chi cmn yue wuu cn
"""
# What may stand before a name and says only which kind of the language is meant; no kind can be told from a reply.
_VARIETIES_KNOWN = """
american argentinian australian austrian brazilian british canadian egyptian european hong kong indian iranian latin latinoamericano mainland mexican
modern new quebec simplified standard swiss taiwanese traditional uk us zealand
"""
_VARIETIES = frozenset(_VARIETIES_KNOWN.split())


def _plain(written: str) -> str:
    return unicodedata.normalize("NFC", " ".join(written.split()).casefold())


_CODES = {_plain(name.replace("_", " ")): code for code, *names in map(str.split, _NAMES.strip().splitlines()) for name in names}


def language_code(written: str) -> str | None:
    """The code that is meant; None when it is none we know.

    Args:
        written: A code, a code with a region or a script (`pt_BR`, `zh-Hant-TW`), a name, or a name with what kind of the language it is
            (`Brazilian Portuguese`, `English (US)`).
    """
    plain = _plain(written)
    if bracketed := _BRACKETS.fullmatch(plain):
        plain = bracketed[1]
    if code := _one(plain):
        return code
    first, mark, rest = plain.replace("_", "-").partition("-")
    if mark and _is_region(rest):
        return _one(first)
    *before, name = plain.split() or [""]
    return _CODES.get(name) if before and _VARIETIES.issuperset(before) else None


def _one(plain: str) -> str | None:
    return plain if plain in KNOWN else _CODES.get(plain)


def _is_region(rest: str) -> bool:
    return all(part.isascii() and part.isalnum() and 2 <= len(part) <= 8 for part in rest.split("-"))
