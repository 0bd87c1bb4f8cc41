"""What the operator of this machine decides, read once from the environment and the command line."""

import errno
import re
import reprlib
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from app.addresses import is_endpoint, is_host, is_loopback, is_root_path, plain_root_path, require_proxies
from app.services.writers import Endpoint
from core.engine.default_model import DEFAULT_MODEL
from core.errors import ConfigError

SHORTEST_PASSWORD = 8
MOST_PROCESSES = 64  # of a run: as many GPUs as a machine may have; each holds the whole base
MOST_DIGITS = 18  # of a number
DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d{1,3})?", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the data lies, where the page is served and who may reach it."""

    data: Path  # absolute; everything the app writes is below it
    host: str = "127.0.0.1"
    port: int = 7860
    password: str | None = field(default=None, repr=False)
    allowed_hosts: tuple[str, ...] = ()  # host names the page may be reached by, besides the loopback ones and `host`
    root_path: str = ""  # where a reverse proxy serves the page, such as /studio; empty: at the root, or where a trusted proxy says
    trusted_proxies: str = ""  # addresses and networks whose X-Forwarded-… headers are heard; * is anybody; empty: nobody
    user_header: str | None = None  # in which a trusted proxy names who has signed in there; where it is set, the only way in
    metrics: str = "closed"  # who may ask /metrics: closed = who may see the pages, open = anybody who reaches the server by its name
    database_url: str = field(repr=False)  # may hold a password
    model: str = DEFAULT_MODEL  # the base model that is chosen when nobody chooses
    device: str = "auto"  # auto, cpu, cuda, cuda:N or mps
    processes: int | None = None  # that train together; None: one for each GPU that can be seen, else one
    writer_url: str | None = None  # endpoint that writes proposals for principles; None: a model of this machine writes them
    writer_model: str | None = None  # the name the endpoint knows; without an endpoint the local model, `model` when None
    writer_key: str | None = field(default=None, repr=False)
    judge_addresses: tuple[str, ...] = ()  # endpoints that a page may have a model asked at, where others than this machine's people are served

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65535:
            raise ConfigError(f"STUDIO_PORT is {self.port}. Choose a port from 1 to 65535; 7860 is the usual one.")
        if not is_host(self.host):
            raise ConfigError(f"STUDIO_HOST is {reprlib.repr(self.host)}. Give an address or a host name alone, such as 127.0.0.1.")
        if self.password is not None and len(self.password) < SHORTEST_PASSWORD:
            raise ConfigError(f"STUDIO_PASSWORD has {len(self.password)} characters. Use {SHORTEST_PASSWORD} or more.")
        if self.password is not None and not self.password.isprintable():
            raise ConfigError("STUDIO_PASSWORD holds a line break or another control character. Use printable characters only.")
        for name in self.allowed_hosts:
            if not is_host(name):
                raise ConfigError(f"STUDIO_ALLOWED_HOSTS names {name!r}. List host names without scheme, port or *, separated by commas.")
        for address in self.judge_addresses:
            if not is_endpoint(address):
                raise ConfigError(f"STUDIO_JUDGE_ADDRESSES names {address[:80]!r}. List addresses such as https://judge.example/v1, separated by commas.")
        require_proxies(self.trusted_proxies, self.user_header)
        if self.user_header is not None and self.password is not None:
            raise ConfigError(
                f"STUDIO_USER_HEADER is {self.user_header} and STUDIO_PASSWORD is set, with which anybody could take any name. Unset one of them."
            )
        if not is_root_path(self.root_path):
            raise ConfigError(f"STUDIO_ROOT_PATH is {self.root_path!r}. Give a path such as /studio that is none of the studio's own, such as /train.")
        if not self.database_url.startswith(("sqlite:", "postgres:", "postgresql:", "postgresql+psycopg:")):
            scheme = self.database_url.partition(":")[0]
            raise ConfigError(f"DATABASE_URL begins with {scheme!r}. Use sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME.")
        if self.metrics not in ("closed", "open"):
            raise ConfigError(f"STUDIO_METRICS is {self.metrics!r}. Use closed (with the password of the pages) or open (without).")
        if not DEVICE.fullmatch(self.device):
            raise ConfigError(f"STUDIO_DEVICE is {self.device!r}. Use auto, cpu, cuda, cuda:0 or mps.")
        if self.processes is not None and not 1 <= self.processes <= MOST_PROCESSES:
            raise _no_count(self.processes)
        _ = self.endpoint  # checks its own parts

    @property
    def relies_on_accounts(self) -> bool:
        """Whether nothing but accounts keeps strangers out."""
        return self.password is None and self.user_header is None and not is_loopback(self.host)

    @property
    def serves_others(self) -> bool:
        """Whether people elsewhere may reach the page: it listens where they can, or a proxy that names or forwards them is trusted."""
        return not is_loopback(self.host) or self.user_header is not None or self.trusted_proxies != ""

    @property
    def endpoint(self) -> Endpoint | None:
        """Who writes proposals, when it is not a model of this machine."""
        return Endpoint(url=self.writer_url, model=self.writer_model or "", key=self.writer_key) if self.writer_url else None

    @property
    def local_writer(self) -> str:
        """The model of this machine that writes proposals when no endpoint does."""
        return self.model if self.writer_url or not self.writer_model else self.writer_model

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], **overrides: object) -> "Settings":
        """Read the settings.

        Args:
            environ: Usually `os.environ`. An empty variable counts as unset.
            overrides: `data`, `host`, `port`, ... from the command line, which win; None counts as not given.

        Raises:
            ConfigError: A value cannot be used; the message names the variable, the value and the remedy.
        """
        given = {name: environ[variable] for name, variable in VARIABLES.items() if environ.get(variable)}
        text = given | {name: str(value) for name, value in overrides.items() if value is not None}
        if unknown := text.keys() - VARIABLES.keys():
            raise TypeError(f"unknown settings: {sorted(unknown)}")
        if (empty := next((name for name in text if text[name] == "" and name != "root_path"), None)) is not None:
            raise ConfigError(f"--{empty.replace('_', '-')} is empty. Give a value, or leave it out.")
        data = _folder(text.get("data", "studio-data"))
        named = ("host", "password", "trusted_proxies", "user_header", "metrics", "model", "device", "writer_url", "writer_model", "writer_key")
        optional = {name: text[name] for name in named if name in text}
        return cls(
            data=data,
            port=_port(text.get("port", "7860")),
            processes=_processes(text["processes"]) if "processes" in text else None,
            allowed_hosts=tuple(name for part in text.get("allowed_hosts", "").split(",") if (name := part.strip().lower())),
            judge_addresses=tuple(address for part in text.get("judge_addresses", "").split(",") if (address := part.strip().rstrip("/"))),
            root_path=plain_root_path(text.get("root_path", "")),
            database_url=text.get("database_url") or _database_in(data),
            **optional,
        )

    def to_environment(self) -> dict[str, str]:
        """The variables from which a child process reads these same settings."""
        lists = {name: ",".join(getattr(self, name)) for name in ("allowed_hosts", "judge_addresses")}
        values = {name: getattr(self, name) for name in VARIABLES} | lists
        return {VARIABLES[name]: str(value) for name, value in values.items() if value is not None}

    @property
    def models_folder(self) -> Path:
        return self.data / "models"

    @property
    def runs_folder(self) -> Path:
        return self.data / "runs"

    @property
    def logs_folder(self) -> Path:
        return self.data / "logs"

    @property
    def uploads_folder(self) -> Path:
        return self.data / "uploads"

    @property
    def model_host_file(self) -> Path:
        """Where the model host says how it can be reached."""
        return self.data / "model-host.json"

    @property
    def browsers_file(self) -> Path:
        """The key that marks of browsers are signed with (app/web/browsers.py)."""
        return self.data / "browsers.key"

    @property
    def lock_file(self) -> Path:
        """Held by the one supervisor of this data folder."""
        return self.data / "studio.lock"

    @property
    def url(self) -> str:
        """The page's address as seen from this machine."""
        local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{local}]:{self.port}" if ":" in local else f"http://{local}:{self.port}"


VARIABLES = {
    "data": "STUDIO_DATA",
    "host": "STUDIO_HOST",
    "port": "STUDIO_PORT",
    "password": "STUDIO_PASSWORD",
    "allowed_hosts": "STUDIO_ALLOWED_HOSTS",
    "root_path": "STUDIO_ROOT_PATH",
    "trusted_proxies": "FORWARDED_ALLOW_IPS",  # uvicorn's name for it
    "user_header": "STUDIO_USER_HEADER",
    "metrics": "STUDIO_METRICS",
    "database_url": "DATABASE_URL",
    "model": "STUDIO_MODEL",
    "device": "STUDIO_DEVICE",
    "processes": "STUDIO_PROCESSES",
    "writer_url": "STUDIO_WRITER_URL",
    "writer_model": "STUDIO_WRITER_MODEL",
    "writer_key": "STUDIO_WRITER_KEY",
    "judge_addresses": "STUDIO_JUDGE_ADDRESSES",
}


def prepare_data_folder(settings: Settings) -> None:
    """Make the data folder and its parts, for this user only.

    Raises:
        ConfigError: It cannot be made, or cannot be written to.
    """
    own = [settings.models_folder, settings.runs_folder, settings.logs_folder, settings.uploads_folder]
    try:
        for folder in (settings.data, *own):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if folder in own:  # those of a version before; the data folder itself may be shared with other things, such as a home
                make_private(folder)
            _try_to_write(folder)
        for file in (settings.lock_file, settings.model_host_file):
            make_private(file)
    except OSError as error:
        raise ConfigError(
            f"The data folder {settings.data} cannot be used: {error.strerror} ({error.filename}). "
            "Give this user the right to write there, or choose another folder with STUDIO_DATA."
        ) from error


def _try_to_write(folder: Path) -> None:
    mark = folder / ".can-write"
    try:
        mark.touch()
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):  # a full disk can be looked at, and every page says that it is full
            raise
    mark.unlink(missing_ok=True)


def make_private(path: Path) -> None:
    """Take away what others may do with a file or folder that is there already, where it is this user's to say."""
    with suppress(FileNotFoundError, PermissionError):  # not there yet; somebody else's, such as a volume that a group shares
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            path.chmod(mode & 0o700)


def _database_in(data: Path) -> str:
    from db.session import sqlite_url  # here: the processes that are given the URL need no SQLAlchemy

    return sqlite_url(data / "studio.db")


def _folder(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:  # there is no such user
        raise ConfigError(f"STUDIO_DATA is {text!r}, and nobody here has a home of that name. Give the whole path of a folder.") from error


def _port(text: str) -> int:
    if not text.strip().isdecimal() or len(text) > MOST_DIGITS:
        raise ConfigError(f"STUDIO_PORT is {reprlib.repr(text)}. Give a number from 1 to 65535; 7860 is the usual one.")
    return int(text)


def _processes(text: str) -> int:
    if not text.strip().isdecimal() or len(text) > MOST_DIGITS:
        raise _no_count(text)
    return int(text)


def _no_count(given: object) -> ConfigError:
    remedy = f"Give a number from 1 on, at most {MOST_PROCESSES}, or leave it out for one process a GPU."
    return ConfigError(f"STUDIO_PROCESSES is {reprlib.repr(given)}. {remedy}")
