"""A seed of its own for every draw."""

import hashlib


def seed_for(*parts: object) -> int:
    """A 63-bit seed from any parts. Each draw has its own, so no draw depends on what was drawn before it."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
