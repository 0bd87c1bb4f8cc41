"""`restore`: a backup back into an empty data folder."""

import argparse
import os

from app.commands.backup import described, ended_by_signals, in_words
from app.services.restoring import restore
from app.settings import Settings


def run(options: argparse.Namespace) -> int:
    """Nothing is put into place unless all of it is whole."""
    settings = Settings.from_environment(os.environ, data=options.data)
    with in_words(), ended_by_signals():
        manifest = restore(settings, options.file)
    print(f"Restored what was written at {manifest.made_at} into {settings.data}: {described(manifest)}.")
    print(f"Start the studio on it with: python -m app --data {settings.data}")
    return 0
