"""Everything that is attacked."""

from __future__ import annotations

from tests.tamper import of_evidence, of_log, of_pdf, of_project
from tests.tamper.campaign import Target
from tests.tamper.made import Made


def targets(made: Made) -> list[Target]:
    """Return all targets of a project."""
    return [t for of in (of_evidence, of_log, of_project, of_pdf) for t in of.targets(made)]
