"""Texts that people take away as files, and what such files are called."""

from dataclasses import dataclass
from typing import Literal

from app.services.constitutions import open_draft, open_version
from app.services.studio import Studio
from core.constitution.files import dump_markdown, dump_yaml
from core.constitution.stored import require_readable
from core.constitution.text import slug


@dataclass(frozen=True, kw_only=True)
class TextFile:
    """A file to download."""

    filename: str
    text: str
    type: str


def file_stem(name: str) -> str:
    """A name for a file: letters, digits and hyphens."""
    return slug(name) or "untitled"


def export(studio: Studio, constitution_id: int, editor: str, form: Literal["yaml", "markdown"], number: int | None = None) -> TextFile:
    """The draft (or a version) as a file: YAML for the command line, Markdown for people."""
    if number is None:
        constitution, label = open_draft(studio, constitution_id, editor).constitution, "draft"
    else:
        found = open_version(studio, constitution_id, number).constitution
        constitution, label = require_readable(found, f"Version {number}"), f"v{number}"
    stem = file_stem(constitution.name)
    if form == "yaml":
        return TextFile(filename=f"{stem}-{label}.yaml", text=dump_yaml(constitution), type="application/yaml")
    return TextFile(filename=f"{stem}-{label}.md", text=dump_markdown(constitution), type="text/markdown")
