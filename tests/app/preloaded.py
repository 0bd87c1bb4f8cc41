"""What `tests.app.warm` imports ahead: the libraries that take long, and nothing of it may do any work."""

import os

os.environ.setdefault("GOMP_SPINCOUNT", "3000")  # as app.cli sets them; read when torch is imported
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "128")

from transformers.models.llama import modeling_llama  # noqa: F401

import app.cli
import app.host.server
import app.processes.training  # noqa: F401
import core.runs.execute  # noqa: F401
from app.host import weights  # noqa: F401
