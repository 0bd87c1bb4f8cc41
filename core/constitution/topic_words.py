"""Words by which the topic of a text is looked for: those that are about nothing, by language, and those of subjects that are known. Data."""

# Of grammar, of speaking about replies, and of their manner and form. English words stand in whole; in the other languages all that begin alike count.
_ENGLISH = """
about above accent across actual actually adjective adjectives after again against agree almost alone along already also although always among another
answer answered answering answers anybody anyone anything apart archaic around asked asking asks asterisk asterisks attention avoid away back because
become before begin beginning begins behind being below best better between beyond bold both brief briefly bullet bulleted bullets call called calm
came cannot capital capitals care careful carefully case cases casual certain certainty change choice choose claim claims clear clearly close closing
colloquial column columns come comes comma commas complete completely concise conclusion conclusions confident consider contain containing content
contraction contractions correct could count courteous dash dashes decide describe describing detail detailed details dialect different digits direct
directly disclaimer does doing done down during each early easy either else emoji emojis emotion emphasis empty encourage encouraging ending ends
english enough entire especially euphemism even ever every everybody everyone everything exact exactly example examples except excited exclamation
explain explaining explanation express extra fact facts false fancy feel feeling feelings fewer final finally find first five flat flowery fluent
follow followed following follows force form formal format four free french friendly from full general gentle german give given gives giving goes
going good great greet greeting greetings hand hard hardly have having head heading headings hedge hedging help helpful here hide highlight hold
honest honestly however human humble humor humorous humour hyperbole hyphen idea ideas idiom idioms imperative imply important include including
indeed inform informal information inside instead instruction interesting into ironic irony italian italic italics itself jargon joke jokes jokingly
json just keep keeping kind know knowing known language large last late later least leave length less letter letters level like likely line lines list
listed lists literal literally little long longer look lower lowercase made mainly make makes making manner many mark markdown marks matter matters
maybe mean meaning means mention mentions message metaphor metaphors middle might mind mistake model mood more most mostly move much must name named
names narrative narrator natural near need needed needs neither neutral never next nobody none nonsense normal note nothing number numbered numbering
numbers often once only open opening opinion opinions opposite order ordinary other others otherwise over overly paragraph paragraphs part particular
parts passive people percentage perhaps person persona phrase phrases place plain plainly playful please poem poems poetic poetry point points polite
politely positive possible praise precise prefer prefix present pretend principle principles probably promise pronoun pronouns proper prose proverb
proverbs provide pun punctuation puns purpose question questions quick quickly quite quotation quote quoted rather read reader readers reading real
really reason reasons refer refuse refuses regardless relevant remain repeat repeating repetition replies reply replying request requests respect
respectful respond responding responds response responses result rhetorical rhyme rhymes rhyming right rude said salutation same sarcasm sarcastic
saying says second section seem semicolon semicolons sentence sentences sentiment separate serious seriously several shall share short shorten shorter
should show shown shows signature simple simply since single skip slang slogan slow small some somebody someone something somewhere soon sort sound
sounds source sources spanish speak speaking specific speech stand stanza start starting starts state stated statement states stay step steps still
stop story strong structure style subject such suggest summaries summary support sure syllable syllables synonym synonyms table tables technical tell
telling tells tense term terms terse text than thank thanking thanks that their them then there these they thing things think third this those though
thought three through time times title titles together tone topic topics touch toward towards translate translation treat true truth truthful turn
turned type uncertain uncertainty under understand understanding unknown unless unsure until upon uppercase used useful user users uses using usual
vague verse very view views vocabulary voice want wanted wants warm warmly warmth ways well were what whatever when whenever where whether which while
whole whom whose will wish with within without witty word wording words wordy work works would write writes writing written wrong your yours yourself
"""
_OTHERS = {
    "de": """
    absatz absätze aber alle allem allen aller alles also andere anderen anders anrede antwo anspr auch aufzä ausdr ausru bedeu begin beide beisp
    benut beton bevor bleib brief buchs dabei dafür damit danac dann darin darüb darum dass deine deinen deiner dem den denn deren dessen deutl deuts
    diese dies direk doch dort duzen durch eben eigen eine einem einen einer eines einfa emoji ende endet engli erklä erste etwas falsc fange fakte
    förml forma frage fremd freun ganz geben gegen gehör genau genug gern gerne gibt gleic groß großb grund gruß gruss grüß halte haben hast hatte
    hier hinte höchs höfli ihnen ihre ihrem ihren ihrer immer indem inhal jede jedem jeden jeder jedes jetzt kann kannst kein keine keinem keinen
    keiner klare klein können kurz kurze kurzg lang lange länge langs lass lasse leser letzt liste mache manch mehr meine meist menge mensc mindes
    minde mitte möchte möglich mögli muss müsse nach nachd nenne nenn nicht nichts niema nirge noch nutze nutzer oder ohne punkt reden reime richt
    sachl sage sagen satz sätze sätzen schlie schlu schon schre sehen sehr seine seinem seinen seiner siezen sind soll solle sonde sonst sprac sprec
    sprich spric stell stelle stets stich text texte über übers überall unbed unter vermei verwe viel viele vielen vier voll wahrh wann warum weise
    weiß welch wenig wenn werde wird wichti wiede wirkl wisse woher wohin wollen wörte wort wunsc würde zahl zeich zeile ziel zuers zule zusam zwei
    zwisc sechs fünf drei
    """,
    "ru": """
    абзац более больш будет будто буква букв были было быть вежли везде весь ведь верси всего всегд всех вами ваше вашей вопро вопрос время всегда
    всякая говор говори гово даже даже дайте дава делай делат длин длинн долго должн друго другие друг если есть ещё завер закан закон знак знать
    зачем иначе имен или исполь использ каждо каждый каков какая какие каким како как корот кратк кратко когда конец конце которо котор которы кроме
    кто лишь лучше любой между меньш много может можно мысль надо назов нача начин начни наибо нами нельз неко немно нескол неско ничег нигде никак
    никог никто нужно обращ обычн обще объяс один одна одним одно одной однако около опиши отвеч ответ отвеча ответы очень пишит пиши писат перв
    первы перед подро пока польз после потом потому почем почти предл предло предложен приве приме пример против проси прост просто прямо пункт разны
    раньш русск самый свои своей своё свой свою себя сейча сказа скажи слова слово слов словах совсе совс списо сначала снача стиль строк сразу такж
    также такая такие таким тако текст тему тогда того только точно тоже тебя трёх туда твоей указы упоми утвер факт факты форма фраз хотя хорош чего
    через четыр читат чтобы шести этим этих этого этой этом этот ясно двух
    """,
    "zh": """
    一个 一句 一段 一些 一定 一样 一种 一件 一般 一直 一下 不会 不要 不能 不是 不用 不同 不再 不得 两句 两个 三个 之前 之后 为何 为什么 为了 主题 也
    人们 什么 今天 今后 他们 以及 以后 以前 任何 但是 使用 例子 保持 其他 其中 具体 内容 再 几个 出来 分别 列出 列表 别人 到底 助手 包括 十 原因 友好
    变成 只有 只能 可以 可能 各种 同时 名字 向 否则 告诉 回复 回答 因为 多少 多个 大家 好 如何 如果 字 它们 完全 完整 容易 对于 对话 尽量 已经 应该
    开头 开始 形式 很多 怎么 怎样 怎么办 总是 情况 意思 我们 或者 所有 所以 扼要 技巧 把 提到 提问 提供 文字 文章 时候 明确 是否 是不是 更多 最多
    最少 最后 有 有人 有些 有的 来 标题 标点 没有 清楚 然后 现在 用户 用词 的话 直接 相同 看到 知道 礼貌 称呼 符号 简单 简洁 简短 第一 第一句 结尾
    结束 绝不 给出 继续 至少 自己 英文 英语 表示 表格 表情 要求 解释 认为 说 说明 说话 语气 语言 读者 谁 谈 谈论 谈到 越 还是 还有 这个 这些 这样
    这里 进行 这 那个 那些 那么 部分 都 里 重要 长度 问候 问题 陈述 非常 需要 风格 首先 中文 汉语 句子 段落 词语 单词 字数 六句 三句
    """,
}

# What belongs to the subjects of the studio's own query sets (all English): by these a text is found to be of one of them, and so is a set.
_SUBJECTS = {
    "a museum": """
    museum gallery exhibit exhibition display collection object artefact artifact antiquity provenance curator painting painter portrait sculpture
    statue bronze marble artist artwork masterpiece fresco tapestry archaeology excavation heritage castle palace temple monument ruin tomb mummy
    knight armour sword treasure visitor guide tour archive ancient medieval restoration photograph vase mask
    """,
    "customer support": """
    customer client account order delivery shipment parcel package refund return exchange invoice bill billing payment charged subscription contract
    warranty voucher discount coupon password login device router technician ticket booking reservation complaint cancel agent shop product purchase
    seller helpdesk hotline bank card error update
    """,
    "public policy": """
    policy politics political politician government parliament election vote voter party citizen laws legislation reform taxes taxation budget
    welfare pension minister ministry president senate congress democracy referendum regulation subsidy immigration economy economist inflation trade
    tariff climate carbon emission nuclear housing military defence police prison justice court public unemployment wage union inequality
    """,
}

STEM = 5  # letters: "visitor" and "visiting" are one
SHORTEST = {"en": 4, "de": 4, "ru": 4, "zh": 2}  # letters of a word that can be topical, in each language that is known here
GENERAL = {"en": frozenset(_ENGLISH.split())} | {code: frozenset(word[:STEM] for word in listed.split()) for code, listed in _OTHERS.items()}
SUBJECTS = {name: frozenset(word[:STEM] for word in listed.split()) for name, listed in _SUBJECTS.items()}
