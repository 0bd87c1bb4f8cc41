"""One tiny random model for all tests of core."""

import pytest
import torch

from core.engine.models import Placing, load_model
from core.settings import ModelReference
from tests.devices import DEVICE
from tests.tiny import save_tiny_model


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def tiny(tiny_folder, tmp_path):
    """A fresh base each time, since attaching an adapter changes a network in place."""
    return load_model(ModelReference(id=str(tiny_folder)), tmp_path / "models", Placing(device=DEVICE, dtype=torch.float32))
