"""Which checks there are: found by file name, read by signature, explained by docstring."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from govern.canonical import file_sha256
from govern.checks.inputs import INPUTS, ROWS
from govern.checks.measures import MEASURED
from govern.checks.parameters import Parameter, Range, parameters
from govern.errors import PolicyError
from govern.strict_yaml import nearest

_HERE = Path(__file__).parent
REPORT = "report_html"
_HEADINGS = ("Why", "How", "Limits", "Fix", "See")


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check: its id, its function, what it asks for and what a policy may set."""

    id: str
    function: Callable[..., Any]
    inputs: tuple[str, ...]
    #: Parameter name -> its default and what else it may be.
    parameters: Mapping[str, Parameter]
    #: Between which numbers the measure lies, estimate and limits.
    measured: Range
    #: ``title`` and the paragraphs ``why``, ``how``, ``limits``, ``fix``, ``see`` of the docstring.
    doc: Mapping[str, str]
    source: Path
    #: Libraries that take long to import: such a check runs in an interpreter beside, which imports them meanwhile.
    beside: tuple[str, ...] = ()
    #: Whether nothing of the rows but their labels and which are flagged at ``threshold`` matters.
    only_flags: bool = False
    #: Whether its module has a function :data:`REPORT`, of the check's own arguments, that gives a page of HTML.
    shows: bool = False

    @property
    def family(self) -> str:
        """The part of the id before the dot."""
        return self.id.partition(".")[0]

    @property
    def params(self) -> dict[str, Any]:
        """Parameter name -> default."""
        return {name: parameter.default for name, parameter in self.parameters.items()}

    @property
    def sliceable(self) -> bool:
        """Whether it measures rows of the test set alone, so that it can be called for each group of them."""
        return bool(ROWS & set(self.inputs)) and set(self.inputs) <= {*ROWS, "seed"}

    @property
    def grouped(self) -> bool:
        """Whether it needs all groups at once, and so returns a measurement for each."""
        return "groups" in self.inputs


@cache
def names() -> tuple[str, ...]:
    """Return the ids of all checks, without importing any: own files, then entry points ``govern.checks``."""
    return tuple(sorted({*_own(), *_outside()}))


@cache
def load(check_id: str) -> Check:
    """Return a check.

    Raises:
        PolicyError: there is none of that id (the nearest is named), or it breaks the contract.
    """
    if check_id not in names():
        raise PolicyError(f"unknown check {check_id!r}", hint=nearest(check_id, names()))
    if point := _outside().get(check_id):
        function = point.load()
    else:
        family, _, name = check_id.partition(".")
        function = getattr(importlib.import_module(f"govern.checks.{family}.{name}"), name, None)
    if function is None:
        raise PolicyError(f"check {check_id}: its file has no function {check_id.partition('.')[2]!r}")
    return Check(
        id=check_id,
        function=function,
        inputs=_inputs(check_id, function),
        parameters=parameters(check_id, function),
        measured=MEASURED.get(check_id, Range()),
        doc=_sections(function),
        source=Path(inspect.getsourcefile(function) or ""),
        beside=getattr(inspect.getmodule(function), "BESIDE", ()),
        shows=hasattr(inspect.getmodule(function), REPORT),
        only_flags=getattr(inspect.getmodule(function), "ONLY_FLAGS", False),
    )


def source_digests(used: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of the source file of each check in ``used``, and of the private files beside own ones."""
    private = {f"{p.parent.name}.{p.stem}": p for p in sorted(_HERE.glob("*/_*.py")) if p.stem != "__init__"}
    return {name: file_sha256(path) for name, path in {**{c: load(c).source for c in used}, **private}.items()}


@cache
def _own() -> frozenset[str]:
    paths = (p for p in _HERE.glob("*/*.py") if not p.stem.startswith("_") and not p.parent.name.startswith("_"))
    return frozenset(f"{p.parent.name}.{p.stem}" for p in paths)


@cache
def _outside() -> Mapping[str, EntryPoint]:
    """Return the checks of other packages; none may take the place of an own one, nor two have one name."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group="govern.checks"):
        if point.name in _own() or point.name in found:
            raise PolicyError(f"the package of {point.value} brings a second check {point.name!r}", hint="remove it")
        found[point.name] = point
    return found


def _inputs(check_id: str, function: Callable[..., Any]) -> tuple[str, ...]:
    inputs = [p.name for p in inspect.signature(function).parameters.values() if p.kind is not p.KEYWORD_ONLY]
    for name in inputs:
        if name not in INPUTS:
            raise PolicyError(f"check {check_id} asks for an unknown input {name!r}", hint=nearest(name, INPUTS))
    return tuple(inputs)


def _sections(function: Callable[..., Any]) -> dict[str, str]:
    """Split a check's docstring into its title and its headed paragraphs."""
    lines = (inspect.getdoc(function) or "").splitlines()
    doc = {"title": lines[0].rstrip(".") if lines else ""}
    heading = ""
    for line in lines[1:]:
        word, colon, rest = line.partition(":")
        if colon and word in _HEADINGS:
            heading = word.lower()
            doc[heading] = rest.strip()
        elif heading and line.strip():
            doc[heading] = f"{doc[heading]} {line.strip()}".strip()
    return doc
