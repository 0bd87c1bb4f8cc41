"""A studio worth keeping, and the two commands."""

from pathlib import Path

from app.cli import main
from app.processes.attempt import attempt_key
from app.services.studio import Studio
from db import claims, runs
from db.claims import Progress
from tests.app.planting import claim, make_studio, measure, queue

SECRETS = ("model-host.json", "studio.lock", "logs/web.log", "uploads/private.txt", "session-secret")


def furnished(folder: Path) -> Studio:
    """A studio with a finished run, one that runs, and files that are nobody else's business."""
    studio = make_studio(folder / "data")
    measure(studio)
    queue(studio, key="planted-run-one")
    first = claim(studio)
    leave_files(studio, f"{attempt_key(first.job_id, 1)}/adapter", {"adapter_model.safetensors": b"weights", ".adapter_model.safetensors.7": b"half"})
    with studio.sessions.begin() as session:
        runs.finish(session, first, f"{attempt_key(first.job_id, 1)}/adapter", "ab", {})
    queue(studio, key="planted-run-two")
    second = claim(studio)
    leave_files(studio, f"{attempt_key(second.job_id, 1)}/checkpoint-000004", {"state.safetensors": b"state", "manifest.json": b"{}"})
    with studio.sessions.begin() as session:
        claims.set_progress(session, second, Progress(phase="training", step=4, total_steps=8, checkpoint=f"{attempt_key(second.job_id, 1)}/checkpoint-000004"))
    leave_files(studio, "runs/404", {"orphan.txt": b"of no row"})
    leave_files(studio, "models/base", {"model.safetensors": b"large"})
    for name in SECRETS:
        leave_files(studio, str(Path(name).parent), {Path(name).name: b"a secret"})
    (studio.settings.data / attempt_key(first.job_id, 1) / "link").symlink_to("/etc/passwd")
    return studio


def leave_files(studio: Studio, key: str, files: dict[str, bytes]) -> None:
    folder = studio.settings.data / key
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


def back_up(data: Path, target: Path, *more: str) -> int:
    return main(["backup", str(target), "--data", str(data), *more])


def restore(source: Path, data: Path) -> int:
    return main(["restore", str(source), "--data", str(data)])


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "studio.lock"}
