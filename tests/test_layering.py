"""The architecture as a test: who may import whom, where each heavy library lives, what start-up costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import govern

PACKAGE = Path(govern.__file__).parent

#: From the bottom up. A module may import from its own layer's own package, and from below.
LAYERS = (
    ("types", "errors", "canonical", "strict_yaml", "resources", "files", "folder", "aside"),
    ("declared",),
    ("project", "scan", "data", "models", "stats", "signing"),
    ("checks",),
    ("policy", "environment", "reading", "outcomes", "evidence"),
    ("inputs",),
    ("judge", "causes"),
    ("gate", "evaluate", "formats", "looks", "study", "keys"),
    ("lifecycle", "testset"),
    ("run", "measure"),
    ("regulations",),
    ("registry", "dossier"),
    ("target", "verify", "lineage", "planning"),
    ("register", "approve", "initialise", "doctor"),
    ("demo",),
    ("cli",),
    ("__main__",),
)
LEVEL = {name: i for i, names in enumerate(LAYERS) for name in names}
#: Modules of one layer that may use each other, each with its reason.
SIDEWAYS = {
    ("canonical", "types"),  # digests are of nouns
    ("canonical", "errors"),
    ("strict_yaml", "errors"),
    ("resources", "errors"),
    ("files", "errors"),
    ("aside", "errors"),
    ("folder", "canonical"),
    ("folder", "errors"),
    ("folder", "files"),
    ("data", "project"),  # datasets are declared in the project file
    ("data", "scan"),
    ("models", "scan"),
    ("verify", "target"),  # both read what a person names
}
#: Heavy library -> its homes.
HOMES = {
    "mlflow": {"models", "registry", "demo"},
    "dvc": {"data"},
    "shap": {"checks/explainability"},
    "evidently": {"checks/drift"},
    "fairlearn": {"checks/bias"},
    "weasyprint": {"dossier"},
    "jinja2": {"dossier", "lineage"},
    "matplotlib": {"dossier", "planning"},
    "pyhanko": {"signing"},
    "pkcs11": {"signing"},
    "pikepdf": {"signing", "dossier"},
    "in_toto_attestation": {"evidence"},
    "fickling": {"models"},
    "cyclonedx": set(),  # another implementation, for tests
    "model_signing": set(),
    "securesystemslib": {"evidence"},
    "click": {"cli"},
    "aiohttp": {"signing"},
    "psycopg": {"evidence/store"},
    "prov": {"lineage"},
    "openlineage": {"lineage"},
}
#: May be imported at the top of a module; everything else of weight only inside functions.
LIGHT = {"numpy", "click", "pydantic"}


def modules() -> Iterator[tuple[str, Path, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if "_share" not in path.parts:
            yield path.relative_to(PACKAGE).as_posix(), path, ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "govern":
                yield from (f"govern.{a.name}" for a in node.names)


def at_top(tree: ast.Module) -> Iterator[str]:
    """What importing the module imports: not inside functions, not under TYPE_CHECKING."""
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from imported(node)


def top(name: str) -> str:
    part = name.removeprefix("govern.").partition(".")[0].partition("/")[0]
    return part.removesuffix(".py")


def test_every_module_has_a_layer() -> None:
    found = {top(name) for name, _, _ in modules()} - {"__init__"}
    assert found == set(LEVEL)


def test_imports_go_down() -> None:
    wrong = []
    for name, _, tree in modules():
        me = top(name)
        for other in {top(i) for i in imported(tree) if i.startswith("govern.")} - {me}:
            if me == "__init__" or other not in LEVEL:
                continue
            down = LEVEL[other] < LEVEL[me] or (me, other) in SIDEWAYS
            if not down:
                wrong.append(f"{name} imports {other}")
    assert not wrong


def test_each_heavy_library_stays_at_home() -> None:
    wrong = []
    for name, _, tree in modules():
        for library in {i.partition(".")[0] for i in imported(tree)} & set(HOMES):
            if not any(name.startswith(home) for home in HOMES[library]):
                wrong.append(f"{name} imports {library}, whose home is {sorted(HOMES[library])}")
    assert not wrong


def test_heavy_libraries_are_imported_inside_functions() -> None:
    wrong = []
    for name, _, tree in modules():
        if name == "registry/store.py":  # a subclass of MLflow's own store, loaded by MLflow alone
            continue
        for library in {i.partition(".")[0] for i in at_top(tree)} - LIGHT - {"govern", "__future__"}:
            if library not in sys.stdlib_module_names:
                wrong.append(f"{name} imports {library} at its top")
    assert not wrong


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['govern', '--help']\n"
        "from govern.cli import main\n"
        "try:\n    main()\nexcept SystemExit as e:\n    assert e.code == 0\n"
        "print('LOADED', *sorted({m.partition('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.rpartition("LOADED ")[2].split())
    heavy = {*HOMES, "numpy", "pandas", "scipy", "sklearn", "pyarrow", "pydantic"} - {"click"}
    assert "click" in loaded
    assert not heavy & loaded


def test_no_file_holds_a_second_idea() -> None:
    long = {n: len(p.read_text(encoding="utf-8").splitlines()) for n, p, _ in modules()}
    assert not {n: lines for n, lines in long.items() if lines > 400}


@pytest.mark.parametrize("word", ["utils", "helpers", "manager", "base"])
def test_no_file_without_a_name(word: str) -> None:
    assert not [name for name, _, _ in modules() if Path(name).stem == word]
