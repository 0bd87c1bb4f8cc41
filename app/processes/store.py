"""Where the files of jobs lie. Rows and pages name a file by its key, such as `runs/12/attempt-2/adapter`, and open it through a store.

What is committed under a key never changes: a later attempt works under a key of its own and inherits from the earlier one.
Imports no torch.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from app.settings import Settings
from core.errors import StudioError

LOG = "log.txt"  # what an attempt said; each has its own
WAITING = "waiting.json"  # what an attempt waits for; each has its own, too
IN_DATA = "data:"  # in a row: before the name of a model folder that moves with the data folder
OWNED = 2  # parts of a key that name the job it belongs to, out of which nothing leads: runs/12


class MissingFileError(StudioError):
    """There is nothing under a key."""

    kind = "missing-file"


class Store(Protocol):
    """What the rest of the app may ask of the place where files are kept."""

    def exists(self, key: str) -> bool:
        """Whether there is a file, or a folder of files, under a key."""

    def names(self, key: str) -> list[str]:
        """The files that lie directly under a key, by name; none where there is no such folder."""

    def open(self, key: str) -> BinaryIO:
        """A file to be read. Raises MissingFileError."""

    def local(self, key: str) -> AbstractContextManager[Path]:
        """What is under a key as real files, to be read by code that needs a path; nothing is there when there is nothing under the key."""

    def workspace(self, key: str) -> AbstractContextManager[Path]:
        """A real folder to work in. What is left in it is kept under the key."""

    def inherit(self, earlier: str, key: str) -> None:
        """Begin under a key with what an attempt has committed under an earlier one, its log left out."""

    def remove(self, key: str) -> None:
        """Take away whatever lies under a key; nothing where there is nothing."""

    def free_bytes(self) -> int:
        """Room for more."""

    def model_in_row(self, model: str) -> str:
        """How a row names a model: a folder that lies among these files by its place among them, so that all can be moved together."""

    def model_of_row(self, stored: str) -> str:
        """The model that a row names, as people and code know it."""


@dataclass(frozen=True)
class FolderStore:
    """Files in a folder of this machine, or one that several machines share."""

    root: Path

    def exists(self, key: str) -> bool:
        return (path := self._inside(key)) is not None and path.exists()

    def names(self, key: str) -> list[str]:
        folder = self._inside(key)
        if folder is None or not folder.is_dir():
            return []
        return sorted(path.name for path in folder.iterdir() if path.is_file() and not path.is_symlink())

    def open(self, key: str) -> BinaryIO:
        path = self._inside(key)
        try:
            if path is not None:
                return path.open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            pass
        raise MissingFileError(f"{PurePosixPath(key).name} is not on this machine any more.")

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """An absolute path stands for itself: rows from before there were keys may name a folder outside."""
        yield self.root / key

    @contextmanager
    def workspace(self, key: str) -> Iterator[Path]:
        folder = self.root / key
        folder.mkdir(parents=True, exist_ok=True)
        yield folder

    def inherit(self, earlier: str, key: str) -> None:
        """Files are linked, not copied: committed ones never change."""
        with self.workspace(key) as folder:
            for source in sorted((self.root / earlier).iterdir()):
                if source.name.startswith(".") or source.name in (LOG, WAITING):
                    continue
                target = folder / source.name
                if not target.exists():
                    shutil.copytree(source, target, copy_function=_link) if source.is_dir() else _link(str(source), str(target))

    def remove(self, key: str) -> None:
        path = self._inside(key)
        if path is not None and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)

    def free_bytes(self) -> int:
        return shutil.disk_usage(self.root).free

    def model_in_row(self, model: str) -> str:
        typed = Path(model).expanduser() if model.startswith("~") else Path(model)
        if not (typed.is_absolute() or typed.is_dir()):
            return model
        for path, root in ((Path(os.path.abspath(typed)), self.root), (typed.resolve(), self.root.resolve())):
            if path.is_relative_to(root):
                return f"{IN_DATA}{path.relative_to(root).as_posix()}"
        return model

    def model_of_row(self, stored: str) -> str:
        return str(self.root / stored.removeprefix(IN_DATA)) if stored.startswith(IN_DATA) else stored

    def _inside(self, key: str) -> Path | None:
        """Where a key lies; None for one that leads out of what belongs to its job, by `..` or by a link."""
        parts = PurePosixPath(key).parts
        if len(parts) < OWNED or parts[0] == "/" or ".." in parts:
            return None
        path, own = self.root.joinpath(*parts), self.root.joinpath(*parts[:OWNED])
        return path if path.resolve().is_relative_to(own.resolve()) else None


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)


def open_store(settings: Settings) -> Store:
    """The store of these settings."""
    return FolderStore(settings.data)
