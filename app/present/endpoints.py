"""The list of endpoints for people, made from the JSON schema that programs get."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.present.text import escape

WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": "null", "object": "object"}
HEAD = (
    '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="./favicon.ico">'
    "<title>Endpoints · Constitution Studio</title>"
)
SCHEME = '<script>document.documentElement.classList.toggle("dark", matchMedia("(prefers-color-scheme: dark)").matches)</script>'

Schema = Mapping[str, Any]


def page_html(described: Schema, style: str) -> str:
    """A whole page; links are relative, as everywhere."""
    endpoints = described["endpoints"]
    contents = "".join(f'<li><a href="#{name.replace("/", "-")}">{name}</a></li>' for name in endpoints)
    asked = {_named(each) for endpoint in endpoints.values() for what in ("question", "answer") for each in _each(endpoint[what])}
    sections = "".join(_endpoint(name, each, described["$defs"]) for name, each in endpoints.items())
    return (
        f'<!doctype html><html lang="en"><head>{HEAD}<style>{style}</style>{SCHEME}</head><body>'
        '<div class="cs-header"><div class="cs-header-in"><a class="cs-wordmark" href="./">Constitution Studio</a></div></div>'
        '<main class="cs-page cs-endpoints" id="content"><h1>Endpoints</h1>'
        "<p>Everything that the pages ask can be asked by a script: POST a question as JSON, with the password if there is one. "
        "An answer says its kind; status 400 comes with a problem in words. Answers that come again and again are lines of JSON. "
        'The same list as a <a href="./api/schema.json">JSON schema</a>.</p>'
        f"{_example()}<ul>{contents}</ul>{sections}{_shared(described['$defs'], asked)}</main></body></html>"
    )


def _example() -> str:
    command = "curl -u NAME:PASSWORD -H 'Content-Type: application/json' -d '{\"name\": \"Mine\"}' http://localhost:7860/api/constitutions/create"
    return f'<pre tabindex="0"><code>{escape(command)}</code></pre>'


def _endpoint(name: str, endpoint: Schema, shared: Schema) -> str:
    answers = [_resolved(each, shared) for each in _each(endpoint["answer"])]
    again = "<p>It answers again and again, until what it tells of is done.</p>" if endpoint["streams"] else ""
    return (
        f'<section tabindex="0" aria-labelledby="{name.replace("/", "-")}"><h2 id="{name.replace("/", "-")}"><code>POST /api/{name}</code></h2>'
        f"<p>{escape(endpoint['does'])}</p>{again}<h3>Question</h3>{_fields(_resolved(endpoint['question'], shared), asked=True)}"
        f"{''.join(f'<h3>Answer: {escape(_kind(each))}</h3>{_fields(each)}' for each in answers)}</section>"
    )


def _shared(shared: Schema, asked: set[str]) -> str:
    """The types that questions and answers name; those that are such themselves stand above, unless another one holds them."""
    held = {_named(part) for each in shared.values() for field in each.get("properties", {}).values() for part in _references(field)}
    parts = {name: each for name, each in shared.items() if name not in asked or name in held}
    shown = "".join(
        f'<section tabindex="0" aria-labelledby="type-{escape(name)}"><h3 id="type-{escape(name)}">{escape(name)}</h3>{_fields(each)}</section>'
        for name, each in parts.items()
    )
    return f"<h2>Types</h2>{shown}" if parts else ""


def _fields(schema: Schema, asked: bool = False) -> str:
    if "enum" in schema:
        return f"<p>One of {', '.join(f'<code>{escape(str(each))}</code>' for each in schema['enum'])}.</p>"
    required = schema.get("required", [])
    rows = "".join(
        f'<tr><th scope="row"><code>{escape(name)}</code></th><td>{_type(each)}</td>{f"<td>{_default(each, name in required)}</td>" if asked else ""}</tr>'
        for name, each in schema.get("properties", {}).items()
        if name != "kind"
    )
    last = '<th scope="col">When left out</th>' if asked else ""
    head = f'<thead><tr><th scope="col">Field</th><th scope="col">Type</th>{last}</tr></thead>'
    return f"<table>{head}<tbody>{rows}</tbody></table>" if rows else "<p>No fields.</p>"


def _type(schema: Schema) -> str:
    """In words: `text`, `whole number or null`, `list of objects`."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(each) for each in schema["anyOf"]))
    if "$ref" in schema:
        return f'<a href="#type-{escape(_named(schema))}">{escape(_named(schema))}</a>'
    if "enum" in schema or "const" in schema:
        return " or ".join(f"<code>{escape(str(each))}</code>" for each in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    inner = schema.get("additionalProperties")
    if isinstance(inner, Mapping) and inner:
        return f"object of {_type(inner)}"
    return WORDS.get(schema.get("type", ""), "anything")


def _default(schema: Schema, required: bool) -> str:
    if required:
        return "<em>required</em>"
    return f"<code>{escape(str(schema['default']))}</code>" if schema.get("default") not in (None, "") else ""


def _references(schema: Schema) -> Iterator[Schema]:
    if "$ref" in schema:
        yield schema
    for part in (*schema.get("anyOf", []), schema.get("items"), schema.get("additionalProperties")):
        if isinstance(part, Mapping):
            yield from _references(part)


def _each(schema: Schema) -> list[Schema]:
    """The types that an answer may have."""
    return list(schema.get("anyOf", [schema]))


def _kind(schema: Schema) -> str:
    return str(schema.get("properties", {}).get("kind", {}).get("const", ""))


def _named(schema: Schema) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _resolved(schema: Schema, shared: Schema) -> Schema:
    resolved: Schema = shared[_named(schema)] if "$ref" in schema else schema
    return resolved
