"""Request keys: a page makes one for each click, so that the same click sent twice is one request."""

import re

from core.errors import ConfigError

REQUEST_KEY = re.compile(r"[0-9A-Za-z-]{8,64}")


def require_key(key: object, needed: bool = False) -> str:
    """A key as it was sent; empty where there is none and none is needed.

    Raises:
        ConfigError: It is no key.
    """
    if isinstance(key, str) and (REQUEST_KEY.fullmatch(key) or (not key and not needed)):
        return key
    raise ConfigError("The page sent no usable request key. Reload it, then try again.")
