"""`redline`: any two versions of a constitution as one document with its changes marked; `cite`: a version, a principle or a changelog, as it is cited."""

import argparse
import sys
from pathlib import Path

from app.commands.files import require_writable
from app.commands.mark import require_studio
from app.settings import MOST_DIGITS
from core.errors import ConfigError

TEXT = """\
Any two versions of a constitution of this studio as one document: what only the earlier says is marked as deleted, what only the later says as inserted.
FILE.docx has tracked changes, which another program can take or refuse one by one; FILE.md and FILE.html have <ins> and <del>.
"""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> list[argparse.ArgumentParser]:
    """Add both commands. Returns the parsers that take the folder of the data."""
    redline = commands.add_parser("redline", help="two versions of a constitution as one document with its changes marked", description=TEXT)
    redline.add_argument("constitution", metavar="CONSTITUTION", help="as it is cited, such as brevity")
    redline.add_argument("--from", dest="before", type=_number, metavar="N", help="the earlier version (default: the one before the later)")
    redline.add_argument("--to", dest="after", type=_number, metavar="N", help="the later version (default: the newest)")
    redline.add_argument("--out", type=Path, metavar="FILE", help="FILE.docx, FILE.md or FILE.html (default: Markdown, printed)")
    cite = commands.add_parser("cite", help="print what a citation names: brevity@4#2, brevity@4, or the changelog of brevity")
    cite.add_argument("citation", metavar="CITATION", help="the constitution, @ and the number of a version, # and a principle")
    return [redline, cite]


def _number(text: str) -> int:
    if not text.isdecimal() or not text.isascii() or len(text) > MOST_DIGITS:
        raise argparse.ArgumentTypeError(f"must be the number of a version, got {text[:40]!r}")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Do it. Returns the exit status."""
    from app.present.redline_files import FORMS, redline_file
    from app.services.addresses import find
    from app.services.redlines import redline_of

    form = "md"
    if options.out is not None:
        form = options.out.suffix.removeprefix(".").casefold()
        if form not in FORMS:
            raise ConfigError(f"--out is {str(options.out)!r}. Name a file that ends in .{', .'.join(FORMS)}.")
        require_writable(options.out)
    studio = require_studio(options)
    of = find(studio, options.constitution)
    file = redline_file(redline_of(studio, of.id, options.before, options.after), next(known for known in FORMS if known == form))
    if options.out is None:
        print(file.data.decode(), end="")
        return 0
    options.out.write_bytes(file.data)
    print(f"{options.out} is written.", file=sys.stderr)
    return 0
