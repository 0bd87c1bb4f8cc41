"""Who does a thing, as far as it is stored: authors and editors are names."""

import unicodedata

import regex

from app.services.audit import record
from app.services.studio import Studio, in_words
from core.errors import ConfigError
from db import drafts

UNNAMED = "you"  # whoever gave no name
LONGEST_NAME = 80
# Controls, half characters and what has no code yet; what fonts draw as nothing, whatever its category; breaks of lines; the empty braille cell.
INVISIBLE = regex.compile(r"[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800]")


def plain_name(given: str) -> str:
    """A name without surrounding space, one and the same however it was typed."""
    return unicodedata.normalize("NFC", given).strip()


def is_name(name: str) -> bool:
    """Whether a plain name can be shown: neither empty nor long, and nothing invisible in it."""
    return 0 < len(name) <= LONGEST_NAME and not INVISIBLE.search(name)


def is_unnamed(name: str) -> bool:
    """Whether a plain name reads as that of whoever gave none."""
    return unicodedata.normalize("NFKC", name).casefold() == UNNAMED


def require_name(given: str) -> str:
    """The plain name.

    Raises:
        ConfigError: It cannot be the name of anybody.
    """
    name = plain_name(given)
    if not name:
        raise ConfigError("The name is empty. Type one.")
    if len(name) > LONGEST_NAME:
        raise ConfigError(f"The name has {len(name):,} characters; the limit is {LONGEST_NAME}. Shorten it.")
    if not is_name(name):
        raise ConfigError("The name holds a line break or another sign that cannot be shown. Type it again.")
    if is_unnamed(name):
        raise ConfigError(f"“{UNNAMED}” stands for whoever gave no name. Type another one.")
    return name


def take_over_drafts(studio: Studio, before: str, after: str) -> int:
    """Give what is written under one name to another, so that nobody's draft is lost when they change it.

    Where something is written under the new name already, both drafts stay where they are.

    Returns:
        How many drafts with anything written in them went along.
    """
    if before == after:
        return 0
    with in_words(), studio.sessions.begin() as session:
        taken = drafts.take_over_drafts(session, before, after)
        if taken:
            record(session, "drafts.taken-over", f"editor {after}", before=before, drafts=taken)
        return taken
