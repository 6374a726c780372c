"""Lineage as one page that an auditor reads offline: drawn by Graphviz in the browser, told in tables beside it."""

from __future__ import annotations

import base64
import hashlib
import json

import govern
from govern.lineage.contract import lineage_json
from govern.lineage.dot import dot, seen
from govern.lineage.graph import Graph, Kind
from govern.resources import shared

_FOLDER = "report_templates/lineage"
#: Inside a script element no character may end it or begin a comment (HTML Living Standard, 4.12.1.3).
_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def html(graph: Graph) -> str:
    """Return the page. It asks for nothing over a network, and its own policy forbids to: scripts run by their digest.

    Raises:
        GovernError: the installation is broken.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    folder = shared(_FOLDER)
    names = ("page.css", "viz-global.js", "page.js", "NOTICE")
    style, library, script, notices = ((folder / name).read_text(encoding="utf-8") for name in names)
    data = json.dumps({"lineage": lineage_json(graph), "dot": dot(graph)}, ensure_ascii=False).translate(_ESCAPES)
    environment = Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["seen"] = seen
    return environment.get_template("lineage.html.j2").render(
        graph=graph,
        nodes=graph.by_id,
        index={n.id: i for i, n in enumerate(graph.nodes)},
        numbered=[*enumerate(graph.edges, 1)],
        as_of=_as_of(graph),
        version=govern.__version__,
        policy=_policy(style, library, script),
        style=Markup(style),  # noqa: S704 - files of govern's own
        library=Markup(library),  # noqa: S704
        script=Markup(script),  # noqa: S704
        data=Markup(data),  # noqa: S704 - escaped above
        notices=notices,
    )


def _as_of(graph: Graph) -> str:
    checkpoint = next((n for n in graph.nodes if n.kind is Kind.CHECKPOINT), None)
    if checkpoint is None or "entries" not in checkpoint.facts:
        return "The log tells nothing."
    facts = checkpoint.facts
    return f"As of {facts['entries']} entries of the log, the last at {facts['time']} by {seen(facts['actor'])}."


def _policy(style: str, *scripts: str) -> str:
    """Return a Content Security Policy (W3C, level 3) under which only these bytes run."""
    allowed = " ".join(_source(s) for s in scripts)
    return (
        f"default-src 'none'; script-src {allowed} 'wasm-unsafe-eval'; style-src {_source(style)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
