"""What a page or a script may ask about replies from elsewhere."""

from dataclasses import dataclass

from app.pages.questions import Id, Question, Text


@dataclass(frozen=True, kw_only=True)
class JudgeAddress(Question):
    """What the page's address names."""

    version: Text = ""


@dataclass(frozen=True, kw_only=True)
class ReplyFile(Question):
    data: Text  # the file in base64
    filename: Text = "replies.jsonl"


@dataclass(frozen=True, kw_only=True)
class ReplyFileWish(ReplyFile):
    version: Id
