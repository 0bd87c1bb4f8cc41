"""`python -m app helper` with the base in float32, whatever this machine multiplies best: then replies do not depend on their company."""

import sys

import torch

import core.engine.models
from app.cli import main

if __name__ == "__main__":
    core.engine.models.choose_dtype = lambda _: torch.float32
    sys.exit(main(["helper", *sys.argv[1:]]))
