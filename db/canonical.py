"""One text for one JSON value, so that equal contents have equal hashes."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces. NaN is refused; lone surrogates, which no database stores, become `?`."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return storable(text)


def plain_json(value: Any) -> str:
    """JSON for columns whose key order belongs to the writer. NaN is refused, since PostgreSQL has none in JSON."""
    return storable(json.dumps(value, ensure_ascii=False, allow_nan=False))


def storable(text: str) -> str:
    """The text with what UTF-8 cannot hold replaced: browsers and models both can produce lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")


def sha256_of(text: str) -> str:
    """Hexadecimal sha256 of the UTF-8 bytes."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


@dataclass(frozen=True)
class DamagedJson:
    """What a JSON column holds where it holds none: no mapping and no list, so that nobody takes it for an empty one."""

    raw: str  # the stored text


def readable_json(text: str) -> Any:
    """The value of a JSON column, or `DamagedJson`: one damaged row must not keep the others from being read."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return DamagedJson(text)
