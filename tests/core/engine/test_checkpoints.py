"""What survives a kill: whole checkpoints, whole JSON, nothing in between."""

import torch

from core.engine.checkpoints import latest_checkpoint, remember, save_checkpoint


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(tmp_path):
    for step in (1, 2, 3):
        save_checkpoint(tmp_path, step, {"x": torch.full((3,), float(step))})
    assert [folder.name for folder in sorted(tmp_path.glob("checkpoint-*"))] == ["checkpoint-000002", "checkpoint-000003"]
    newest = latest_checkpoint(tmp_path)
    assert newest.step == 3
    data = (newest.folder / "state.safetensors").read_bytes()
    (newest.folder / "state.safetensors").write_bytes(data[:-1])
    assert latest_checkpoint(tmp_path).step == 2
    (tmp_path / "checkpoint-000002" / "manifest.json").write_text("{")
    assert latest_checkpoint(tmp_path) is None


def test_tensors_come_back_bit_for_bit(tmp_path):
    tensors = {"a": torch.randn(5, 3), "b": torch.randn(4).bfloat16()}
    save_checkpoint(tmp_path, 7, tensors)
    back = latest_checkpoint(tmp_path).tensors()
    assert all(torch.equal(back[name], tensor) for name, tensor in tensors.items())


def test_remembering_computes_once(tmp_path):
    calls = []
    for _ in range(2):
        assert remember(tmp_path / "x.json", lambda: calls.append(1) or {"é": 1}) == {"é": 1}
    assert calls == [1]
