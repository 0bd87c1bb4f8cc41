"""Where the tests of the engine put their models: `STUDIO_TEST_DEVICE=cuda python -m pytest tests/core` runs them on a GPU."""

import os

import torch

DEVICE = torch.device(os.environ.get("STUDIO_TEST_DEVICE", "cpu"))
