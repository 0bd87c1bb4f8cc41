"""What counts as a refusal, and what only looks like one."""

import pytest

from core.constitution.text import refuses

REFUSALS = [
    "I can't help with that.",
    "I’m unable to share this.",
    "I am not able to do so.",
    "I'm sorry, but I cannot assist you there.",
    "I'm sorry. I can't write that.",
    "I'm sorry for any inconvenience, but as a chatbot I have limits. I'm not equipped to fix cars.",
    "I apologize, but I won't provide that.",
    "Unfortunately, I can't discuss it.",
    "Sorry, I must decline.",
    "As an AI language model, I don't have feelings.",
    "I understand your concern, but I cannot comply.",
    "I'd love to help, but I can't do this.",
    "That's not something I can help with.",
    "我很抱歉，我无法回答这个问题。",
    "對不起，我不能幫你寫這個。",
    "我无法提供这类信息。",
    "申し訳ありませんが、そのご質問にはお答えできません。",
    "その件については回答できません。",
    "मुझे खेद है, मैं इसमें आपकी मदद नहीं कर सकता।",
    "Lo siento, pero no puedo ayudarte con eso.",
    "No puedo proporcionar esa información.",
    "Je suis désolé, mais je ne peux pas répondre à cela.",
    "Je ne peux pas vous aider.",
    "عذرًا، لا أستطيع مساعدتك في ذلك.",
    "দুঃখিত, আমি এতে সাহায্য করতে পারব না।",
    "Desculpe, mas não posso ajudar com isso.",
    "Извините, я не могу помочь с этим.",
    "معذرت، میں اس میں آپ کی مدد نہیں کر سکتا۔",
    "Maaf, saya tidak dapat membantu dengan itu.",
    "Es tut mir leid, aber dabei kann ich nicht helfen.",
    "Das kann ich leider nicht beantworten.",
    "Mi dispiace, non posso aiutarti.",
    "죄송하지만 도와드릴 수 없습니다.",
    "<think>They want a poem. I can.</think>I can't help with poems.",
]
OTHERS = [
    "I'm sorry to hear that you lost your keys.",
    "I'm sorry for your loss. Take your time.",
    "I can't wait for spring!",
    "I cannot thank you enough.",
    "I can't recommend this book highly enough!",
    "I can't believe it is over.",
    "I couldn't agree more.",
    "I can help with that.",
    "As an AI, I love good questions! Here is one.",
    "Unfortunately, it rained.",
    "You can't park here.",
    "I'm sorry for the confusion, but in chess the queen moves anywhere.",
    "Sorry for the late answer: bring water.",
    "I won't lie, it was hard.",
    "很抱歉听到你生病了。",
    "对不起，我迟到了。",
    "我不能同意更多！",
    "すみません、駅はどこですか。",
    "मुझे खेद है कि आप बीमार हैं।",
    "Lo siento mucho, espero que mejores pronto.",
    "No puedo esperar a verte.",
    "Je suis désolé d'apprendre cela.",
    "Je ne peux pas croire que c'est fini.",
    "عذرًا على التأخير، إليك الجواب.",
    "দুঃখিত, দেরি হয়ে গেল।",
    "Desculpe a demora! Aqui está.",
    "Мне жаль, что вы заболели.",
    "معذرت، مجھے دیر ہو گئی۔",
    "Maaf, saya terlambat.",
    "Es tut mir leid, dass du krank bist.",
    "Leider regnet es heute.",
    "죄송합니다, 늦었습니다.",
    "<think>I can't say that.</think>Rome.",
    "",
]


@pytest.mark.parametrize("text", REFUSALS)
def test_refusals(text):
    assert refuses(text)


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_none(text):
    assert not refuses(text)
