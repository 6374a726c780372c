"""A time-stamp authority that fails, or answers wrongly: nothing is signed."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from govern.errors import ServiceError, SigningError
from govern.signing import pades
from tests.evidence.samples import BOXES, People, people, plain_pdf
from tests.timestamps import Server, stamping

__all__ = ["stamping"]


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> People:
    return people(tmp_path_factory.mktemp("signers"))


@pytest.fixture(scope="module")
def prepared() -> bytes:
    return pades.prepare(plain_pdf({"findings.json": b"[]"}), BOXES)


WRONG = {
    "down": "does not answer",
    "error": "does not answer: 503",
    "nonsense": "the answer is no time stamp",
    "empty": "the answer is no time stamp",
    "page": "the answer is text/html",
    "huge": "larger than 64 KiB",
    "refused": "the request was refused",
    "nonce": "wrong nonce",
    "nonceless": "wrong nonce",
    "bytes": "of other bytes",
    "stranger": "not under a trusted root",
    "expired": "not under a trusted root",
    "slow": "no answer within 0.5 s",
    "drip": "no answer within 0.5 s",
    "second": "does not answer: 503",
}


@pytest.mark.parametrize("path", WRONG)
def test_an_authority_that_fails_signs_nothing(path: str, prepared: bytes, signers: People, stamping: Server) -> None:
    timeout = 0.5 if path in ("slow", "drip") else 10.0
    began = time.monotonic()
    with pytest.raises(ServiceError) as told:
        pades.sign(
            prepared,
            signers.author,
            field="author",
            reason="x",
            when=datetime.now(UTC),
            authority=stamping.authority(path, timeout),
        )
    assert WRONG[path] in told.value.message
    assert "nothing was signed" in told.value.hint
    assert told.value.exit_code == 4
    assert timeout != 0.5 or time.monotonic() - began < 2.5


def test_an_unknown_field_is_refused_before_an_authority_is_asked(
    prepared: bytes, signers: People, stamping: Server
) -> None:
    before = len(stamping.asked)
    with pytest.raises(SigningError, match="no empty signature field"):
        pades.sign(
            prepared,
            signers.author,
            field="nobody",
            reason="x",
            when=datetime.now(UTC),
            authority=stamping.authority(),
        )
    assert len(stamping.asked) == before


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_clock_that_is_wrong_signs_nothing(minutes: int, prepared: bytes, signers: People, stamping: Server) -> None:
    when = datetime.now(UTC) + timedelta(minutes=minutes)
    with pytest.raises(ServiceError, match="and the clock here"):
        pades.sign(prepared, signers.author, field="author", reason="x", when=when, authority=stamping.authority())
