"""Edits of evidence as an auditor has it: a folder, whose statement somebody may have signed anew."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Sequence
from pathlib import Path

from govern import canonical
from govern.evidence import bundle, statement
from govern.evidence.model_signature import FILE as MODEL_SIGNATURE
from govern.signing.identity import Identity
from govern.verify import verify
from tests.tamper import edits
from tests.tamper.campaign import Changes, Draw, Target
from tests.tamper.made import Made

SAME_MODEL = "model.sig is that of other evidence about the same files by the same person: it says the same"
OLDER = "older rights of the same root travel with evidence; who holds the newer ones judges by those"


def targets(made: Made) -> list[Target]:
    """Return the folder and its statement; who verifies holds the root's certificate and nothing else."""
    folder = made.drawer / made.first.sha256
    folder.mkdir()
    for name, data in made.first.files.items():
        (folder / name).write_bytes(data)

    genuine = [of.files.get(MODEL_SIGNATURE) for of in (made.second, made.denied)]

    def failing() -> Sequence[str]:
        return [s.name for s in verify(str(folder), None, trust=made.auditor) if not s.ok]

    def excused(changes: Changes) -> str:
        changed = {p.name for p, data in changes.items() if data != made.first.files.get(p.name)}
        if changed == {MODEL_SIGNATURE} and changes[folder / MODEL_SIGNATURE] in genuine:
            return SAME_MODEL
        return OLDER if changes.get(folder / bundle.RIGHTS) == made.older else ""

    return [
        Target(name="evidence folder", kinds=_of_folder(made, folder), failing=failing, share=0.26, excused=excused),
        Target(name="signed statement", kinds=_of_statement(made, folder), failing=failing, share=0.09),
    ]


def _of_folder(made: Made, folder: Path) -> dict[str, Draw]:
    names = sorted(made.first.files)
    written = [n for n in names if n.endswith(".json")]
    others = (made.second, made.denied)

    def of_bytes(edit: edits.Edit, among: list[str]) -> Draw:
        def draw(rng: random.Random) -> Changes:
            name = rng.choice(among)
            return {folder / name: edit(made.first.files[name], rng)}

        return draw

    def swapped(rng: random.Random) -> Changes:
        name = rng.choice(names)
        return {folder / name: rng.choice(others).files[name]}

    def several_swapped(rng: random.Random) -> Changes:
        other = rng.choice(others)
        return {folder / name: other.files[name] for name in rng.sample(names, rng.randint(2, len(names) - 1))}

    def replayed(rng: random.Random) -> Changes:
        """Whole, genuine evidence under the name of other evidence."""
        return {folder / name: data for name, data in rng.choice(others).files.items()}

    def linked(rng: random.Random) -> Changes:
        """A link to the same bytes, which can change without the folder."""
        name = rng.choice(names)
        assert made.first.path is not None
        return {folder / name: made.first.path / name}

    def exchanged(rng: random.Random) -> Changes:
        one, other = rng.sample(names, 2)
        return {folder / one: made.first.files[other], folder / other: made.first.files[one]}

    return {
        **{kind: of_bytes(edit, names) for kind, edit in edits.BYTES.items()},
        **{kind: of_bytes(edit, written) for kind, edit in edits.JSON.items()},
        "file removed": lambda rng: {folder / rng.choice(names): None},
        "file added": lambda rng: {folder / f"note-{rng.randrange(10**6)}.json": rng.randbytes(8)},
        "file linked": linked,
        "files exchanged": exchanged,
        "swap between records": swapped,
        "swap of several": several_swapped,
        "replay under another name": replayed,
        "older rights": lambda rng: {folder / bundle.RIGHTS: made.older, folder / bundle.REVOKED: None},
        "list of revoked removed": lambda rng: {folder / bundle.REVOKED: None},
    }


def _of_statement(made: Made, folder: Path) -> dict[str, Draw]:
    envelope, signer = folder / bundle.STATEMENT, folder / bundle.SIGNER
    payload, stated = statement.read(made.first.files[bundle.STATEMENT])
    value = json.loads(made.first.files[bundle.STATEMENT])

    def signature(of: bytes) -> str:
        return str(json.loads(of)["signatures"][0]["sig"])

    def resigned(*by: Identity) -> Draw:
        def draw(rng: random.Random) -> Changes | None:
            who = rng.choice(by)
            said = canonical.dumps(edits.said(stated, rng))
            if said == payload:
                return None
            return {envelope: statement.sign(said, who), signer: who.pem}

        return draw

    def as_it_was(by: Identity) -> Draw:
        """The same words, another's signature: each time another one, since ECDSA draws a number."""
        return lambda rng: {envelope: statement.sign(payload, by), signer: by.pem}

    def with_signature(sig: str, keyid: str | None = None) -> bytes:
        own = value["signatures"][0]
        return canonical.dumps({**value, "signatures": [{"keyid": keyid or own["keyid"], "sig": sig}]})

    def edited(rng: random.Random) -> Changes:
        said = canonical.dumps(edits.said(stated, rng))
        return {envelope: canonical.dumps({**value, "payload": base64.b64encode(said).decode()})}

    def twin(rng: random.Random) -> Changes:
        own = base64.b64decode(value["signatures"][0]["sig"])
        return {envelope: with_signature(base64.b64encode(edits.twin(own)).decode())}

    def borrowed(rng: random.Random) -> Changes:
        other = rng.choice((made.second, made.denied))
        return {envelope: with_signature(signature(other.files[bundle.STATEMENT]))}

    def twin_of_model(rng: random.Random) -> Changes:
        bundled = json.loads(made.first.files[MODEL_SIGNATURE])
        (own,) = bundled["dsseEnvelope"]["signatures"]
        own["sig"] = base64.b64encode(edits.twin(base64.b64decode(own["sig"]))).decode()
        return {folder / MODEL_SIGNATURE: canonical.dumps(bundled)}

    def cut(rng: random.Random) -> Changes:
        """The root's certificate left out wherever its chain is written."""
        bundled, receipt = (json.loads(made.first.files[n]) for n in (MODEL_SIGNATURE, bundle.RECEIPT))
        bundled["verificationMaterial"]["x509CertificateChain"]["certificates"].pop()
        receipt["signer"] = without_root(receipt["signer"])
        alone = without_root(made.first.files[bundle.SIGNER].decode()).encode()
        return rng.choice(
            (
                {signer: alone, folder / MODEL_SIGNATURE: canonical.dumps(bundled)},
                {folder / bundle.RECEIPT: canonical.dumps(receipt)},
            )
        )

    def pem_of_another(rng: random.Random) -> Changes:
        return {signer: rng.choice([*made.people.values(), made.stranger]).pem}

    def twice(rng: random.Random) -> Changes:
        who = rng.choice([*made.people.values(), made.stranger])
        more = json.loads(statement.sign(payload, who))["signatures"]
        return {envelope: canonical.dumps({**value, "signatures": value["signatures"] + more})}

    people = made.people
    return {
        "words edited, signature kept": edited,
        "re-signed by an untrusted key": resigned(made.stranger),
        "signed alike by an untrusted key": as_it_was(made.stranger),
        "re-signed without the role": resigned(people["clinical"], people["regulatory"], people["approver"]),
        "signed alike without the role": as_it_was(people["clinical"]),
        "re-signed by a revoked key": resigned(people["left"]),
        "other words by the author": resigned(people["author"]),
        "ECDSA twin": twin,
        "ECDSA twin in model.sig": twin_of_model,
        "chain without its root": cut,
        "signature of another statement": borrowed,
        "certificate of another": pem_of_another,
        "a second signature": twice,
    }


def without_root(chain: str) -> str:
    """Return the PEM of a chain without its last certificate."""
    return chain[: chain.rindex("-----BEGIN")]
