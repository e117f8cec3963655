"""The API's reference as a web page without scripts, made from its OpenAPI document."""

from collections.abc import Iterable, Mapping
from html import escape
from itertools import groupby
from typing import Any

_SCHEMAS = "#/components/schemas/"
_LIMITS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "default": "{} by default",
}


def reference_page(document: Mapping[str, Any], root_path: str = "") -> str:
    """The page, in HTML: paths with parameters, bodies and statuses, then the schemas that these name."""
    title, version = (escape(document["info"][name]) for name in ("title", "version"))
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    names = [f"<li><a href='#{_anchor(*one)}'>{_name(*one)}</a></li>" for one in operations]
    schemas = document["components"]["schemas"]
    root = escape(root_path)
    return f"""<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>{title}: reference</title>
  <link rel="icon" href="{root}/page/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="{root}/page/reference.css">
</head>
<body>
<h1>{title} <small>{version}</small></h1>
<p>The same as an <a href="{root}/openapi.json">OpenAPI document</a>.</p>
<nav aria-label="Requests"><ul>{"".join(names)}</ul></nav>
<main>
<h2>Requests</h2>
{"".join(_operation(*one) for one in operations)}
<h2>Schemas</h2>
{"".join(_schema(name, schemas[name]) for name in sorted(schemas))}
</main>
</body>
</html>
"""


def _anchor(path: str, method: str, operation: Mapping[str, Any]) -> str:
    return escape(operation["operationId"])


def _name(path: str, method: str, operation: Mapping[str, Any]) -> str:
    return f"<code>{method.upper()} {escape(path)}</code>"


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> str:
    rows = [
        (one["name"], one["in"], one["required"], one["schema"] | {"description": one.get("description", "")})
        for one in operation.get("parameters", ())
    ]
    parts = [f"<section id='{_anchor(path, method, operation)}'><h3>{_name(path, method, operation)}</h3>"]
    parts.append(_prose(operation.get("description", operation.get("summary", ""))))
    if rows:
        cells = [(_code(name), where, _type(of), _notes(of, required)) for name, where, required, of in rows]
        parts.append(_table(("parameter", "in", "type", ""), cells))
    if body := operation.get("requestBody"):
        parts.append(f"<p>The body, as JSON: {_content(body)}</p>")
    statuses = [
        (escape(status), _content(of), _text(of["description"])) for status, of in operation["responses"].items()
    ]
    return "".join([*parts, _table(("status", "answer", ""), statuses), "</section>"])


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    required = schema.get("required", ())
    cells = [
        (_code(field), _type(of), _notes(of, field in required)) for field, of in schema.get("properties", {}).items()
    ]
    return (
        f"<section id='{escape(name)}'><h3>{_code(name)}</h3>{_prose(schema.get('description', ''))}"
        f"{_table(('field', 'type', ''), cells)}</section>"
    )


def _content(of: Mapping[str, Any]) -> str:
    """The types of a body."""
    return " or ".join(
        _type(one["schema"]) if one.get("schema") else _code(media) for media, one in of.get("content", {}).items()
    )


def _type(schema: Mapping[str, Any]) -> str:
    """A type in HTML; a schema is linked."""
    if "$ref" in schema:
        name = escape(schema["$ref"].removeprefix(_SCHEMAS))
        return f"<a href='#{name}'><code>{name}</code></a>"
    if choices := schema.get("anyOf", schema.get("oneOf")):
        return " or ".join(one for one, _ in groupby(map(_type, choices)))
    if "enum" in schema or "const" in schema:
        return " or ".join(_code(f'"{one}"') for one in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of ({_type(schema.get('items', {}))})"
    return escape(schema.get("type", "any value"))


def _notes(schema: Mapping[str, Any], required: bool) -> str:
    """Description and limits."""
    limits = [
        words.format(of[name])
        for of in (schema, *schema.get("anyOf", ()))
        for name, words in _LIMITS.items()
        if of.get(name) is not None
    ]
    notes = [*(["required"] if required else []), *limits, schema.get("description", "")]
    return _text("; ".join(filter(None, notes)))


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    heads = "".join(f"<th scope='col'>{one}</th>" for one in head)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>" if body else ""


def _prose(text: str) -> str:
    return "".join(f"<p>{_text(one)}</p>" for one in text.split("\n\n") if one)


def _text(text: str) -> str:
    """Escaped text, in which what stands between backticks is code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{one}</code>" if at % 2 else one for at, one in enumerate(parts))


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"
