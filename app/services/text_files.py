"""Texts that people take away as files, and what such files are called."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class TextFile:
    """A file to download."""

    filename: str
    text: str
    type: str


def file_stem(name: str) -> str:
    """A name for a file: letters, digits and hyphens."""
    return re.sub(r"[^\w]+", "-", name.casefold()).strip("-")[:60] or "untitled"
