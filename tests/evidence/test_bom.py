from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from govern import canonical
from govern.errors import InputError
from govern.evidence import bom, bundle, statement
from govern.evidence.check import check_files
from govern.types import Outcome, Record, Role, Subject
from tests.evidence.samples import DIGEST, People, dataset, finding, people, record


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> People:
    return people(tmp_path_factory.mktemp("signers"))


def full() -> Record:
    """A record with all that a bill of materials can hold, and names that are hard to write."""
    small = record(
        failing="fair", datasets=(dataset(), dataclasses.replace(dataset(), role=Role.TRAIN, path="ü ä.csv"))
    )
    unmeasured = dataclasses.replace(finding("steady"), measurement=None, outcome=Outcome.ERROR, id="lost")
    packages = {"numpy": "2.4.6", "Ruamel_Yaml": "0.19.1+local", "zope.x": "1!2"}
    return dataclasses.replace(
        small,
        findings=(*small.findings, unmeasured),
        decision=dataclasses.replace(small.decision, limitations=("steady",)),
        system={
            **small.system,
            "users": "nurses",
            "intended_use": "triage of sepsis",
            "population": "adults",
            "human_oversight": "a physician decides",
            "owner": {"organisation": "Clinic & Sons"},
        },
        environment=dataclasses.replace(small.environment, packages=packages),
    )


def vendors() -> Record:
    subject = Subject(
        kind="predictions",
        name="Vendor",
        uri="p.csv",
        sha256=DIGEST,
        files=record().subject.files,
        version="2.1",
    )
    return dataclasses.replace(full(), subject=subject)


def errors(document: bytes) -> Any:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(document.decode())


@pytest.mark.parametrize(
    "what", [record(), record(name=None), full(), vendors()], ids=["plain", "unnamed", "full", "v"]
)
def test_it_is_valid_cyclonedx(what: Record) -> None:
    assert errors(bom.document(what)) is None
    broken = json.loads(bom.document(what))
    broken["metadata"]["component"]["modelCard"]["accuracy"] = "1"
    assert errors(json.dumps(broken).encode()) is not None


def test_another_implementation_reads_it(recwarn: pytest.WarningsRecorder) -> None:
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import ComponentType

    value = json.loads(bom.document(full()))
    del value["metadata"]["component"]["modelCard"]  # the library has no class for it
    read = Bom.from_json(value)  # type: ignore[attr-defined]
    model = read.metadata.component
    assert model.type is ComponentType.MACHINE_LEARNING_MODEL
    (file,) = model.components
    assert {h.content for h in file.hashes} == {DIGEST}
    assert {c.purl.to_string() for c in read.components if c.purl} == {
        "pkg:pypi/numpy@2.4.6",
        "pkg:pypi/ruamel-yaml@0.19.1%2Blocal",
        "pkg:pypi/zope-x@1%212",
    }
    (dependency,) = [d for d in read.dependencies if d.ref.value == "model"]
    assert len(dependency.dependencies) == len(read.components)


def test_equal_records_equal_bytes() -> None:
    assert bom.document(full()) == bom.document(full())
    serial = json.loads(bom.document(full()))["serialNumber"]
    assert serial != json.loads(bom.document(record()))["serialNumber"]


def test_the_model_card_says_what_the_record_says() -> None:
    component = json.loads(bom.document(full()))["metadata"]["component"]
    card = component["modelCard"]
    assert card["modelParameters"] == {
        "task": "binary",
        "datasets": [{"ref": "dataset/train"}],
        "inputs": [{"format": "age"}, {"format": "bp"}],
    }
    assert card["considerations"]["useCases"] == ["triage of sepsis", "adults"]
    assert card["considerations"]["technicalLimitations"] == ["adults only", "steady: µ: as measured"]
    assert card["considerations"]["fairnessAssessments"] == [
        {
            "groupAtRisk": "sex=female",
            "harms": "fair[sex=female], fail: µ: as measured",
            "mitigationStrategy": "look at it",
        }
    ]
    metrics = card["quantitativeAnalysis"]["performanceMetrics"]
    assert len(metrics) == 4  # what was not measured has no number
    assert metrics[0] == {
        "type": "bias.equal_opportunity",
        "value": "0.1",
        "slice": "sex=female",
        "confidenceInterval": {"lowerBound": "0.05", "upperBound": "0.15"},
    }
    assert component["supplier"] == {"name": "Clinic & Sons"}
    assert {"name": "govern:decision", "value": "deny"} in component["properties"]


def test_a_vendors_model_has_no_files_that_are_known() -> None:
    value = json.loads(bom.document(vendors()))
    model = value["metadata"]["component"]
    assert "components" not in model and model["version"] == "2.1"
    assert value["components"][0]["components"][0]["hashes"] == [{"alg": "SHA-256", "content": DIGEST}]


def test_numbers_of_other_libraries_and_nonsense_in_declarations(tmp_path: Path, signers: People) -> None:
    import numpy as np

    what = full()
    measured = dataclasses.replace(what.findings[0].measurement, estimate=np.float64(0.25), upper=float("nan"))  # type: ignore[type-var]
    odd = dataclasses.replace(
        what,
        findings=(dataclasses.replace(what.findings[0], measurement=measured), *what.findings[1:]),
        system={"users": 7, "limitations": "none", "owner": [], "intended_use": None},
    )
    written = bundle.write(odd, tmp_path, signers.author)
    assert errors(written.files[bundle.BOM]) is None
    assert all(s.ok for s in check_files(written.files, signers.trusted))


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v["metadata"]["component"]["modelCard"]["considerations"].pop("technicalLimitations"),
        lambda v: v["metadata"]["component"]["components"][0]["hashes"][0].update(content="00" * 32),
        lambda v: v["components"].pop(),
        lambda v: v.update(serialNumber="urn:uuid:00000000-0000-4000-8000-000000000000"),
        lambda v: v.clear(),
    ],
)
def test_one_that_disagrees_with_the_record_is_refused_though_signed(
    tmp_path: Path, signers: People, change: Any
) -> None:
    written = bundle.write(record(), tmp_path, signers.author)
    value = json.loads(written.files[bundle.BOM])
    change(value)
    files = {**written.files, bundle.BOM: canonical.dumps(value)}
    digests = {name: files[name] for name in bundle.BOUND}
    files[bundle.STATEMENT] = statement.sign(statement.payload(written.record, digests), signers.author)
    with pytest.raises(InputError, match=r"mlbom\.cdx\.json says something else"):
        bundle.from_files(files)
    assert [s.name for s in check_files(files, signers.trusted) if not s.ok] == ["statement", "model signature"]
