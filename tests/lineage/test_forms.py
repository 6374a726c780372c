"""Each form says the same as the graph, is valid in its own language, and prints hostile text as text."""

from __future__ import annotations

import html as entities
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from govern.lineage.build import build
from govern.lineage.contract import lineage_json
from govern.lineage.dot import dot, quoted
from govern.lineage.graph import Graph, Kind
from govern.lineage.html import html
from govern.lineage.openlineage import FACET, events, openlineage
from govern.lineage.prov import document, prov
from tests.lineage.conftest import HOSTILE
from tests.registry.conftest import Project

CHROMIUM = next((c for c in ("chromium", "chromium-browser", "google-chrome") if shutil.which(c)), None)


def in_browser(page: Path) -> str:
    """Return the document after its scripts ran.

    The browser's virtual time does not wait for WebAssembly to be compiled, so on a busy machine it is given more.
    """
    options = ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={page.parent / 'profile'}")
    drawn = ""
    for seconds in (10, 100, 1000):
        command = [str(CHROMIUM), *options, f"--virtual-time-budget={seconds}000", "--dump-dom", page.as_uri()]
        drawn = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
        if "<svg" in drawn.partition('id="data"')[0]:
            break
    return drawn


def test_json_is_the_graph(registered: Project) -> None:
    graph = build(registered.workspace, "sepsis/1")
    value = json.loads(json.dumps(lineage_json(graph)))
    assert [*value] == ["schema", "root", "ok", "nodes", "edges"]
    assert value["schema"] == "govern/lineage/1"
    assert {k for n in value["nodes"] for k in n} == {"id", "kind", "label", "digest", "facts"}
    assert {k for e in value["edges"] for k in e} == {"source", "target", "relation", "proof", "ok"}
    assert len(value["edges"]) == len(graph.edges)
    for node in value["nodes"]:
        assert node["digest"] is None or re.fullmatch("[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}", node["digest"])


def test_the_readable_forms_are_of_one_graph(registered: Project) -> None:
    graph = build(registered.workspace, "sepsis/1")
    assert dot(graph).count(" -> n") == len(graph.edges)
    assert len(list(document(graph).get_records())) == len(graph.nodes) + len(graph.edges)
    page = html(graph)
    assert page.count('id="edge-row-') == len(graph.edges)
    for node in graph.nodes:
        assert entities.escape(node.label, quote=False) in page.replace("&#39;", "'").replace("&#34;", '"')
        assert (node.digest or "") in page


@pytest.mark.parametrize("name", ["plain", "hostile"])
def test_prov_reads_back_as_what_was_written(registered: Project, hostile: Graph, name: str) -> None:
    from prov.model import ProvAgent, ProvDocument, ProvEntity

    graph = hostile if name == "hostile" else build(registered.workspace, "sepsis/1")
    made = document(graph)
    read = ProvDocument.deserialize(content=prov(graph), format="json")
    assert read == made
    assert read.get_records(ProvEntity)
    assert read.get_records(ProvAgent)
    told = made.get_provn()
    assert told.startswith("document")
    if name == "plain":
        assert told.count("wasDerivedFrom(") == prov(graph).count('"prov:generatedEntity"') > 4
        assert not re.findall(r"govern:holds='?\"?false", told)


def test_prov_says_which_proof_does_not_hold(registered: Project) -> None:
    (registered.root / "data" / "test.csv").write_text("patient,died\n")
    value = json.loads(prov(build(registered.workspace, "sepsis/1")))
    held = [bool(d["govern:holds"]) for d in value["wasDerivedFrom"].values()]
    assert held.count(False) == 1


def test_openlineage_events_are_valid_and_complete(registered: Project) -> None:
    from uuid import UUID

    graph = build(registered.workspace, "sepsis/1")
    read = [json.loads(line) for line in openlineage(graph).splitlines()]
    assert len(read) == len([*events(graph)])
    states = sorted((e["job"]["name"], e["eventType"]) for e in read)
    assert states == [
        ("dossier", "COMPLETE"),
        ("dossier", "START"),
        ("gate", "COMPLETE"),
        ("gate", "START"),
        ("register", "COMPLETE"),
        ("register", "START"),
        ("snapshot", "OTHER"),
        ("snapshot", "OTHER"),
        ("train", "OTHER"),
    ]
    train = next(e for e in read if e["job"]["name"] == "train")
    assert UUID(train["run"]["runId"]).hex == registered.run_id
    assert {i["name"].partition(":")[0] for i in train["inputs"]} == {"features", "dataset"}
    assert train["outputs"][0]["name"].startswith("model:")
    gate = next(e for e in read if e["job"]["name"] == "gate" and e["eventType"] == "COMPLETE")
    assert {i["name"].partition(":")[0] for i in gate["inputs"]} == {"model", "policy", "dataset"}
    for event in read:
        assert event["schemaURL"].startswith("https://openlineage.io/spec/")
        for item in event["inputs"]:
            proof = item["inputFacets"][FACET]
            assert proof["_schemaURL"].startswith("https://openlineage.io/spec/")
            assert all(p["proof"] and p["holds"] for p in proof["proofs"])
    assert openlineage(graph) == openlineage(graph)


def test_openlineage_of_approvals(hostile: Graph) -> None:
    jobs = [e.job.name for e in events(hostile)]
    assert {"approve", "reject", "gate"} <= set(jobs)
    assert all(json.loads(line) for line in openlineage(hostile).splitlines())


def test_dot_text_is_quoted_as_graphviz_prints_it() -> None:
    assert quoted('a"b') == '"a&quot;b"'
    assert quoted("\\N &lt;") == '"\\\\N &amp;lt;"'
    assert quoted("a\nb\u202e") == '"a\ufffdb\ufffd"'


def test_a_broken_edge_is_told_without_colour(hostile: Graph) -> None:
    assert '"1 BROKEN"' in dot(hostile)
    page = html(hostile)
    assert "BROKEN: 1 of" in page
    assert "<strong>BROKEN</strong>" in page


def test_the_page_holds_hostile_text_as_text(hostile: Graph) -> None:
    page = html(hostile)
    head, _, rest = page.partition('<script type="application/json" id="data">')
    assert "<script" not in head
    data, _, scripts = rest.partition("</script>")
    assert json.loads(data)["lineage"] == lineage_json(hostile)
    assert "<" not in data
    assert scripts.count("</script>") == 2
    assert "\u202e" not in head
    assert "{{ 7*7 }}" in head
    assert HOSTILE not in head


def test_the_page_asks_for_nothing(registered: Project) -> None:
    page = html(build(registered.workspace, "sepsis/1"))
    markup = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert all(a.startswith("#") for a in re.findall(r"""(?:src|href|action)\s*=\s*["']?([^"'> ]*)""", markup))
    assert not re.findall(r"url\(|@import|<(?:link|img|iframe|object|base)", markup)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert "default-src &#39;none&#39;" in policy[1]
    assert "unsafe-inline" not in policy[1]
    assert len(page.encode()) < 2_000_000


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH")
@pytest.mark.parametrize("name", ["plain", "hostile"])
def test_the_page_is_drawn_in_a_browser(registered: Project, hostile: Graph, name: str, tmp_path: Path) -> None:
    graph = hostile if name == "hostile" else build(registered.workspace, "sepsis/1")
    page = tmp_path / "lineage.html"
    page.write_text(html(graph), encoding="utf-8")
    drawn = in_browser(page)
    assert drawn.count('class="node"') == len(graph.nodes)
    assert len(re.findall(r'class="edge( broken)?"', drawn)) == len(graph.edges)
    assert drawn.count('class="edge broken"') == len(graph.broken)
    assert drawn.count("<script") == 3
    assert f"{Kind.VERSION.value}: " in drawn
    if name == "hostile":
        assert 'a"b\\N' in re.sub(r"<[^>]*>", "", drawn.partition("<svg")[2].partition("</svg>")[0]).replace(
            "&quot;", '"'
        )
