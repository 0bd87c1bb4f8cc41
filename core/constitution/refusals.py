"""How a refusal opens, in the languages that most people speak. Patterns are tried on folded text (`core.constitution.text.folded`).

A refusal says that the speaker cannot or will not do what was asked. Being sorry is none ("I'm sorry to hear that"), nor is an idiom
("I can't wait"). A language is known by its own words, so that none has to be detected first.
"""

import unicodedata

import regex

# English: what follows "I can't" in an idiom or a plain report
_IDIOMS = (
    r"wait|believe|help but|thank|recommend\b[^.!?]*\benough|say enough|praise|stress|emphasi[sz]e|overstate|overemphasi[sz]e|underestimate|imagine|"
    r"agree more|complain|deny|stop|resist|stand|even|tell you how|express|begin to|think of (?:a|anything) better|be happier|get enough|live without|"
    r"go wrong|remember|sleep|find|afford|seem to|see|hear|feel|breathe|take my"
)
_DO = (
    r"help|assist|provide|answer|do|write|create|generate|engage|participate|support|share|discuss|comply|respond|give|fulfil|continue|proceed|be able|"
    r"promote|encourage|condone|produce|tell you"
)
_CANNOT = (
    r"(?:can't|cannot|can not|couldn't)(?: (?:really|actually|currently|in good conscience|ethically|legally|directly))?"
    rf"(?! (?:{_IDIOMS})\b)\b|"
    r"(?:'m|am|was) (?:currently |simply )?(?:unable to|not able to|not allowed to|not permitted to|not comfortable|not in a position to|"
    rf"not programmed to|not designed to|not capable of|not equipped to|not authori[sz]ed to|not going to (?:{_DO})\b)|"
    rf"(?:won't|will not|would prefer not to|'d prefer not to|prefer not to|'d rather not|would rather not) (?:{_DO})\b|"
    r"(?:must|have to|need to|'ll have to|will have to) (?:respectfully |politely )?(?:decline|refuse)|(?:respectfully |politely )?(?:decline|refuse) to|"
    r"(?:don't|do not) (?:feel comfortable|have the (?:ability|capability|means))"
)
_BUT = r"(?:[.!,;:-]+ ?(?:but |however,? )?| but )"
_OPENINGS = "|".join(
    (
        r"(?:hello|hi|hey)[^.!?]{0,20}[.!,]+ ?",
        r"(?:oh|well|no|unfortunately|regrettably|sadly)\b,? ?",
        rf"(?:i(?:'m| am) )?(?:so |very |really |truly |terribly )?sorry\b[^.!?]{{0,80}}?{_BUT}",
        rf"(?:my )?(?:sincere )?apologies\b[^.!?]{{0,60}}?{_BUT}",
        rf"i (?:sincerely |deeply |do )?apologi[sz]e\b[^.!?]{{0,80}}?{_BUT}",
        r"i(?:'m| am) afraid(?: that)? |i regret (?:that |to (?:say|inform you) (?:that )?)",
        r"i (?:understand|appreciate|know|see|hear|realize|would love|would like|wish)\b[^.!?]{0,120}?(?:[.!,]+ ?| )(?:but|however),? ",
        rf"i'd (?:love|like)\b[^.!?]{{0,100}}?,? but |(?:thank you|thanks)\b[^.!?]{{0,80}}?{_BUT}",
    )
)
_ENGLISH = (
    rf"(?:{_OPENINGS})*i ?(?:{_CANNOT})",
    rf"(?:i(?:'m| am) )?sorry(?: for (?:any|the) \w+)?,? but\b[^\n]{{0,160}}?\bi ?(?:{_CANNOT})",
    r"(?:i(?:'m| am) )?sorry,? (?:but )?(?:no\b|that's not|that is not|this is not|i don't|i do not)",
    r"(?:i(?:'m| am) sorry,? (?:but )?)?as an ai\b[^.!?]*?\b(?:can't|cannot|can not|unable|not able|don't|do not|not capable|not allowed|must not|won't)\b",
    r"as an ai(?: [a-z]+){0,3},? ?i?\Z",  # cut short
    r"(?:that|this|your request)(?:'s| is) (?:something |a request |a topic )(?:that )?i (?:can't|cannot|won't|am unable to|'m (?:unable|not able) to)\b",
    r"(?:that's|that is|this is) not something (?:that )?i (?:can|am able to|'m able to) (?:help|assist|do|provide)",
)


def _after(sorry: str, cannot: str, reach: int = 70) -> str:
    """An apology, and soon after it that something cannot be done."""
    return rf"(?:{sorry})[^\n]{{0,{reach}}}?(?:{cannot})"


_CHINESE = (
    _after(
        "我?(?:很|非常|十分|深感|实在|實在|真的)?(?:抱歉|对不起|對不起|不好意思|遗憾|遺憾)",
        "无法|無法|不能|没办法|沒辦法|没有办法|沒有辦法|不便|不可以|做不到",
        40,
    ),
    "我?(?:无法|無法|不能|没办法|沒辦法|不会|不會|拒绝|拒絕)(?:为您|為您|为你|為你|给您|给你|給您|給你|向您|向你|帮|幫|提供|回答|协助|協助|满足|滿足|"
    "完成|生成|讨论|討論|处理|處理|执行|執行|继续|繼續|参与|參與|支持)",
    "作[为為](?:一[个個名款])?(?:ai|人工智能|人工智慧|大?型?语言模型|大?型?語言模型)[^\n]{0,30}?(?:无法|無法|不能|没有能力|沒有能力)",
)
_JAPANESE = (
    _after(
        "(?:大変|誠に|本当に)?(?:申し訳(?:あり|ござい)ません|申し訳ない|すみません|ごめんなさい|恐れ入りますが|残念ながら|あいにく)",
        "(?:でき|出来|お応え|お答え)(?:ません|かねます)|いたしかねます|しかねます|できないため",
    ),
    "[^。\n]{0,40}?(?:お手伝い|お答え|お応え|回答|提供|対応|協力|支援|お力添え)(?:すること)?[はがを]?(?:でき|出来)(?:ません|かねます)",
)
_HINDI = (
    _after(
        "(?:मुझे )?(?:माफ़ कर|माफ कर|क्षमा कर|क्षमा कीजि|माफ़ कीजि|माफ कीजि|खेद है|अफ़सोस है|अफसोस है|दुर्भाग्य से)",
        "नहीं (?:[^ ]+ )?सक(?:ता|ती|ते)|असमर्थ|सक्षम नहीं",
    ),
    "मैं [^।\n]{0,50}?(?:मदद|सहायता|उत्तर|जवाब|जानकारी)[^।\n]{0,20}?(?:नहीं (?:कर|दे) सक|असमर्थ)",
)
_SPANISH = (
    _after(
        r"(?:lo siento|lo lamento|disculp[ae]|perd[oó]n|perdona|lamentablemente|desafortunadamente|por desgracia|me temo|lamento)\b",
        r"\bno (?:puedo|podr[ée]|podemos|me es posible|estoy (?:capacitad|autorizad|en condiciones|en posici[oó]n))",
    ),
    r"no (?:puedo|me es posible|estoy en condiciones de|estoy autorizad[oa] a) (?:ayudar|proporcionar|responder|hacer(?:lo)?\b|cumplir|asistir|ofrecer|dar|"
    r"generar|escribir|crear|brindar|facilitar|participar|continuar|apoyar|atender|compartir|realizar)",
    r"como (?:una? )?(?:ia|inteligencia artificial|asistente de ia|modelo de lenguaje)\b[^.\n]{0,60}?\bno (?:puedo|tengo)",
)
_FRENCH = (
    _after(
        r"(?:je suis (?:vraiment |sincèrement )?(?:désolée?|navrée?)|je regrette|je m'excuse|désolée?|navrée?|malheureusement|excusez-moi|pardon)\b",
        r"\bje ne (?:peux|puis|pourrai|pourrais|suis) (?:malheureusement )?pas\b(?! (?:sûre?|certaine?|d'accord))",
    ),
    r"je ne (?:peux|puis|pourrai) (?:malheureusement )?pas (?:vous |t'|te )?(?:aider|fournir|répondre|faire (?:cela|ça)|donner|écrire|créer|générer|accéder|"
    r"assister|satisfaire|participer|partager|traiter|continuer|proposer)",
    r"je ne suis pas en mesure de|je (?:dois|me dois de) (?:refuser|décliner)|je refuse de",
    r"en tant qu'(?:ia|intelligence artificielle|assistant|modèle de langage)\b[^.\n]{0,60}?\bje ne (?:peux|suis|dispose)",
)
_ARABIC = (
    _after(
        "عذرا|عذرًا|آسف|أنا آسف|اسف|أعتذر|معذرة|للأسف|نعتذر|يؤسفني",
        "لا (?:أستطيع|استطيع|يمكنني|أقدر|نستطيع|يمكن)|لن (?:أستطيع|أتمكن)|غير قادر|لست قادر",
    ),
    "(?:أنا )?(?:لا (?:أستطيع|استطيع|يمكنني)|لن أتمكن من|لست قادرا على|لست قادرًا على|غير قادر على) "
    "(?:مساعد|تقديم|الإجابة|الرد|القيام|توفير|كتابة|تلبية|المساعدة|إعطاء|إنشاء|مناقشة)",
)
_BENGALI = (
    _after("(?:আমি )?(?:দুঃখিত|ক্ষমা করবেন|মাফ করবেন|দুর্ভাগ্যবশত|ক্ষমাপ্রার্থী)", "পারব না|পারবো না|পারছি না|পারি না|অক্ষম|সম্ভব নয়"),
    "আমি [^।\n]{0,50}?(?:সাহায্য|সহায়তা|উত্তর|তথ্য)[^।\n]{0,20}?(?:পারব না|পারবো না|পারছি না|পারি না|অক্ষম)",
)
_PORTUGUESE = (
    _after(
        r"(?:me )?(?:desculp[ae]|sinto muito|lamento|perdão|infelizmente|peço desculpas?|receio)\b",
        r"\bnão (?:posso|poderei|consigo|sou capaz|estou (?:autorizad|apt|em condições)|me é possível)",
    ),
    r"não (?:posso|consigo|poderei|sou capaz de|estou autorizad[oa] a) (?:ajudar|ajudá|te ajudar|lhe|fornecer|responder|fazer isso|cumprir|auxiliar|"
    r"oferecer|dar|gerar|escrever|criar|prestar|participar|continuar|atender|compartilhar|realizar)",
    r"como (?:uma? )?(?:ia|inteligência artificial|assistente de ia|modelo de linguagem)\b[^.\n]{0,60}?\bnão (?:posso|tenho|consigo)",
)
_RUSSIAN = (
    _after(
        "извините|простите|к сожалению|прошу прощения|сожалею|мне (?:очень )?жаль|приношу (?:свои )?извинения|увы",
        "не (?:могу|смогу|в состоянии|имею возможности|умею)",
    ),
    "я не (?:могу|смогу|в состоянии|имею права|буду) (?:вам |тебе |с этим |этого |вам с этим )?(?:помо|предоставить|ответить|выполнить|сделать|создать|"
    "написать|дать|обсуждать|поддерж|участвовать|поделиться)|я? ?вынужден[а]? отказать",
    "как (?:ии|искусственный интеллект|языковая модель)[^.\n]{0,50}?не (?:могу|имею)",
)
_URDU = (
    _after("معذرت|معاف کیجیے|معاف کیجئے|معاف کریں|مجھے افسوس ہے|افسوس|بدقسمتی سے|میں معذرت خواہ", "نہیں (?:[^ ]+ )?سکت|قاصر"),
    "میں [^۔\n]{0,50}?(?:مدد|جواب|معلومات)[^۔\n]{0,20}?(?:نہیں (?:کر|دے) سکت|قاصر)",
)
_INDONESIAN = (
    _after(
        r"(?:mohon maaf|maaf(?:kan saya)?|sayangnya|dengan berat hati)\b",
        r"\b(?:tidak (?:dapat|bisa|mampu|diizinkan|boleh)|nggak bisa|belum bisa)",
    ),
    r"saya (?:tidak (?:dapat|bisa|mampu)|nggak bisa) (?:membantu|memberikan|menjawab|melakukan|memenuhi|menyediakan|membuat|menulis|menghasilkan|"
    r"mendukung|melanjutkan)",
)
_GERMAN = (
    _after(
        r"(?:es )?(?:tut mir (?:sehr |wirklich )?leid|entschuldig(?:ung|en sie|e)|leider|verzeihung|bedauerlicherweise|ich bedaure|sorry)\b",
        r"\b(?:kann|darf|werde|möchte) (?:ich )?[^\n.!?]{0,60}?\bnicht\b|nicht (?:möglich|in der lage)|\bkeine (?:auskunft|hilfe|informationen)",
    ),
    r"(?:dabei|damit|das|diese anfrage|diese frage|hierbei) kann ich (?:dir |ihnen |euch |leider )?(?:[^\n.!?]{0,20})?nicht (?:weiter)?"
    r"(?:helfen|beantworten|erfüllen|tun|machen|unterstützen)",
    r"ich (?:kann|darf|werde) (?:ihnen |dir |euch )?(?:dabei |damit |hierbei |das |diese (?:anfrage|frage) )?(?:leider )?nicht (?:weiter)?"
    r"(?:helfen|beantworten|erfüllen|behilflich|unterstützen|dienen)|ich bin nicht in der lage",
    r"als (?:ki|künstliche intelligenz|sprachmodell)\b[^.\n]{0,50}?\b(?:kann|darf|habe) ich\b[^.\n]{0,60}?\b(?:nicht|keine)",
)
_ITALIAN = (
    _after(r"(?:mi dispiace|purtroppo|scusa(?:mi)?|spiacente|mi scuso)\b", r"\bnon (?:posso|sono in grado|mi è possibile)"),
    r"non (?:posso|sono in grado di) (?:aiutar|fornir|risponder|farlo|assister|crear|scriver|soddisfar)",
)
_KOREAN = (
    _after("죄송(?:합니다|하지만|해요)|미안(?:합니다|하지만|해요)|유감스럽게도|안타깝게도", "수 없|수가 없|어렵습니다|불가능", 50),
    "[^.\n]{0,30}?(?:도와|답변|제공|도움)[^.\n]{0,12}?(?:드릴 수 없|할 수 없)",
)
_EAST = (*_CHINESE, *_JAPANESE, *_KOREAN)
_SOUTH = (*_HINDI, *_BENGALI, *_URDU, *_ARABIC, *_INDONESIAN)
_WEST = (*_ENGLISH, *_SPANISH, *_FRENCH, *_PORTUGUESE, *_RUSSIAN, *_GERMAN, *_ITALIAN)
_REFUSAL = regex.compile(rf"\W*(?:{unicodedata.normalize('NFKC', '|'.join((*_WEST, *_EAST, *_SOUTH)))})")


def opens_as_refusal(folded: str) -> bool:
    """Whether a text, folded as for searching, begins by refusing."""
    return _REFUSAL.match(folded) is not None
