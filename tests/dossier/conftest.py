"""Signed bundles of the sample record, and each template rendered once a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from govern.dossier.render import Typeset, templates, typeset
from govern.evidence import bundle as bundles
from govern.evidence.bundle import Bundle
from govern.evidence.log import Log
from govern.signing import identity as identities
from govern.signing.identity import Identity
from govern.signing.rights import travelling
from govern.types import Record
from tests.dossier.sample_record import record as sample_record


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where keys and rights lie."""
    return tmp_path_factory.mktemp("identity")


@pytest.fixture(scope="session")
def author(people: Path) -> Identity:
    return identities.create_development(people / "keys", people / "trust", identity="author", name="Ruth Vogel")


@pytest.fixture(scope="session")
def sealed(author: Identity, people: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Record], Bundle]:
    """Turns a record into signed and logged evidence."""
    folder = tmp_path_factory.mktemp("evidence")
    log = Log(folder / "log.db")

    def seal(record: Record) -> Bundle:
        written = bundles.write(record, folder / "bundles", author, rights=travelling(people / "trust"))
        return bundles.attach_receipt(written, log.append("decision", {"evidence": written.sha256}, identity=author))

    return seal


@pytest.fixture(scope="session")
def bundle(sealed: Callable[[Record], Bundle]) -> Bundle:
    return sealed(sample_record())


@pytest.fixture(scope="session")
def small(sealed: Callable[[Record], Bundle]) -> Bundle:
    """Evidence of four rules with a figure each: quick to render."""
    kept = {"discrimination", "sensitivity-by-group", "calibration-slope", "input-drift"}
    whole = sample_record()
    return sealed(
        sample_record(
            findings=tuple(f for f in whole.findings if f.rule in kept),
            policy={**whole.policy, "checks": [r for r in whole.policy["checks"] if r["id"] in kept]},
        )
    )


@pytest.fixture(scope="session")
def rendered(bundle: Bundle) -> Mapping[str, Typeset]:
    return {name: typeset(bundle, name) for name in templates()}
