"""Lineage as JSON; names and forms are stable.

==========  ==========================================================================================================
``schema``  ``govern/lineage/1``
``root``    id of the node that is the version
``ok``      whether every proof holds
``nodes``   ``id``; ``kind``: a word of :class:`govern.lineage.graph.Kind`; ``label`` for people; ``digest``: in full,
            hex, or null (SHA-256; of ``data`` DVC's MD5; of ``code`` the git commit); ``facts``: texts by name, such as
            ``entry``, ``act``, ``time`` and ``actor`` of an act in the log
``edges``   ``source``, ``target``: ids; ``relation``: a verb, source *relation* target; ``proof``: what shows it;
            ``ok``: whether that holds now
==========  ==========================================================================================================

All edges lead to the version, but those from it to its aliases and dossiers, and what leads to these. New kinds,
relations and facts may be added.
"""

from __future__ import annotations

from typing import Any

from govern.canonical import plain
from govern.lineage.graph import Graph

SCHEMA = "govern/lineage/1"


def lineage_json(graph: Graph) -> dict[str, Any]:
    """Return the graph as plain JSON values."""
    return {
        "schema": SCHEMA,
        "root": graph.root,
        "ok": graph.ok,
        "nodes": [plain(n) for n in graph.nodes],
        "edges": [plain(e) for e in graph.edges],
    }
