"""Values that fit a schema, nearly fit it, or do not fit at all, drawn by a seeded generator."""

import base64
import random
from collections.abc import Callable, Mapping
from typing import Any

LONG = 20_000  # characters
TEXTS = (
    *("", " ", "\x00", "\ud800", "\udfff\ud800", "\u202e\u2066", "\u200b", "\ufeff", "\u0085\u2028\u2029", "e\u0301", "ﷺ" * 20, "𝒳🧑🏽‍🚀", "İi̇ßſ", "-", "0"),
    *("null", "NaN", "1e999", "<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "{{7*7}}${7*7}%s%n", "../../../../etc/passwd", "/etc/passwd"),
    *("file:///etc/passwd", "http://127.0.0.1:1/", "org/" + "a" * 300, "run:1", "version:1", "run:" + "9" * 40, "'; DROP TABLE versions; --", "=1+1"),
    *(r"(.|\w)*~~", r"(a|a)*$", r"\(\+" * 60, "(?R)", "a{1000}{1000}{1000}", "[" * 300, "(?P<x>" * 40, "(?:x?){30}x{30}"),
)
NUMBERS = (
    0,
    -1,
    1,
    2,
    3,
    10**6,
    2**31 - 1,
    2**31,
    -(2**31),
    2**63 - 1,
    2**63,
    10**20,
    10**60,
    0.5,
    -0.0,
    1e-300,
    1e308,
    float("inf"),
    float("-inf"),
    float("nan"),
)
FILES = (
    b"",
    b"\xff\xfe\x00\x00",
    b"PK\x03\x04",
    b"name: X\nprinciples:\n- {title: T, statement: Say it., antithesis: Do not., check: {max_words: 99999999999999999999}}\n",
    b'{"name": "X", "principles": [{"title": "T", "statement": "a", "antithesis": "b", "id": "x"}]}',
    b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    b"# X\n\n## T\n\nSay it.\n",
    b"[" * 50_000,
    b'"' * 50_000,
    b"- " * 50_000,
    b"\n".join(b"What is %d?" % i for i in range(40)),
    b"query,split\nWhy?,train\nHow?,held_out\n",
    b'{"response": "Yes."}\n{"response": null}\n',
    b'[{"response": "Yes.", "principle": 1e999}]',
    b"query,split\n" + b"x," * 5000,
)


USUAL: Mapping[str, tuple[Any, ...]] = {  # by the name of a field
    "model": ("SmolLM2-135M-Instruct",) * 3 + ("org/name", "/etc", "../..", "no-such"),
    "preset": ("quick",) * 4 + ("standard", "thorough", "none"),
    "seed": (0, 0, 1, 2**31 - 1, -1),
    "key": ("a" * 32, "b" * 32, "short", ""),
    "filename": ("x.yaml", "x.json", "x.jsonl", "x.csv", "x.md", "x.txt", "x", "", "../x.yaml", "x.pdf", "\u202egpj.exe"),
    "field": ("", "", "query", "nothing"),
}


class Values:
    """Draws values; `texts` are those that mean something here, such as tokens and keys."""

    def __init__(self, rng: random.Random, texts: tuple[str, ...]) -> None:
        self.rng, self.texts = rng, texts

    def of(self, schema: Mapping[str, Any], shared: Mapping[str, Any], depth: int = 0) -> Any:
        """A value for a JSON schema; about one in five is none of its kind."""
        if self.rng.random() < 0.08 or depth > 5:
            return self.anything(depth)
        if "$ref" in schema:
            return self.of(shared[schema["$ref"].rpartition("/")[2]], shared, depth)
        if "anyOf" in schema:
            return self.of(self.rng.choice(schema["anyOf"]), shared, depth)
        if "enum" in schema or "const" in schema:
            return self.rng.choice(schema.get("enum", [schema.get("const")]))
        return self._kinds().get(schema.get("type", ""), self._other)(schema, shared, depth)

    def _kinds(self) -> Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any], int], Any]]:
        return {"object": self._object, "array": self._array, "string": self._string, "integer": self._number, "number": self._number}

    def _object(self, schema: Mapping[str, Any], shared: Mapping[str, Any], depth: int) -> dict[str, Any]:
        required = schema.get("required", [])
        made = {
            name: self.named(name, each, shared, depth)
            for name, each in schema.get("properties", {}).items()
            if (name in required and self.rng.random() < 0.98) or self.rng.random() < 0.6
        }
        if "properties" not in schema:
            inner = schema.get("additionalProperties")
            made = {self.text(): self.of(inner if isinstance(inner, dict) else {}, shared, depth + 1) for _ in range(self.rng.randrange(4))}
        if self.rng.random() < 0.03:
            made[self.text()] = self.anything(depth)
        return made

    def named(self, name: str, schema: Mapping[str, Any], shared: Mapping[str, Any], depth: int) -> Any:
        """What a field of this name usually holds, more often than not."""
        if self.rng.random() < 0.25:
            return self.of(schema, shared, depth + 1)
        if name in ("constitution", "version", "query_set", "run", "revision", "number", "head"):
            return self.rng.randrange(1, 8)
        if name in USUAL:
            return self.rng.choice(USUAL[name])
        if name == "data":
            return self.file()
        if name == "principles":
            return [self.principle() for _ in range(self.rng.choice((0, 1, 1, 2, 3, 40)))]
        if name == "settings" and self.rng.random() < 0.7:
            return {self.rng.choice(self.texts): str(self.rng.choice((*NUMBERS, *TEXTS))) for _ in range(self.rng.randrange(3))}
        return self.of(schema, shared, depth + 1)

    def principle(self) -> dict[str, Any]:
        """A principle as the Write page sends it, with what may be wrong with one."""
        row: dict[str, Any] = {"id": f"{self.rng.getrandbits(128):032x}", "title": self.text(), "statement": self.text(), "antithesis": self.text()}
        if self.rng.random() < 0.7:
            name = self.rng.choice(("max_words", "min_words", "max_sentences", "contains", "regex", "language", "json", "emoji", "starts_with", "nothing"))
            row["check"] = self.rng.choice(
                ({name: self.rng.choice((*NUMBERS, *TEXTS))}, name, f"{name}: {self.text()[:50]}", {name: [self.text()]}, self.anything(4))
            )
        if self.rng.random() < 0.1:
            row["written_by"] = self.anything(3)
        return row

    def _array(self, schema: Mapping[str, Any], shared: Mapping[str, Any], depth: int) -> list[Any]:
        return [self.of(schema.get("items", {}), shared, depth + 1) for _ in range(self.rng.choice((0, 1, 2, 5)))]

    def _string(self, schema: Mapping[str, Any], shared: Mapping[str, Any], depth: int) -> str:
        return self.text()

    def _number(self, schema: Mapping[str, Any], shared: Mapping[str, Any], depth: int) -> Any:
        return self.rng.randrange(-2, 40) if self.rng.random() < 0.6 else self.rng.choice(NUMBERS)

    def _other(self, schema: Mapping[str, Any], shared: Mapping[str, Any], depth: int) -> Any:
        return self.anything(depth)

    def text(self) -> str:
        """Usually a word that means something here."""
        draw = self.rng.random()
        if draw < 0.5:
            return self.rng.choice(self.texts)
        if draw < 0.9:
            return self.rng.choice(TEXTS)
        if draw < 0.95:
            return "".join(chr(self.rng.randrange(0x110000)) for _ in range(self.rng.randrange(1, 30)))
        return self.rng.choice(("a", "ä ", "你", "\n- ", "(", "𝒳")) * LONG

    def file(self) -> str:
        """A file in base64, sometimes with bytes of it changed."""
        data = bytearray(self.rng.choice(FILES))
        for _ in range(self.rng.choice((0, 0, 1, 5))):
            if data:
                data[self.rng.randrange(len(data))] = self.rng.randrange(256)
        return base64.b64encode(bytes(data)).decode()

    def anything(self, depth: int) -> Any:
        """Something of any kind."""
        draw = self.rng.randrange(7 if depth < 6 else 4)
        if draw < 2:
            return self.rng.choice((None, True, False, *NUMBERS))
        if draw < 4:
            return self.text()
        if draw == 4:
            return [self.anything(depth + 1) for _ in range(self.rng.randrange(4))]
        if draw == 5:
            return {self.text(): self.anything(depth + 1) for _ in range(self.rng.randrange(4))}
        deep: Any = []
        for _ in range(self.rng.choice((10, 200, 900))):
            deep = [deep]
        return deep
