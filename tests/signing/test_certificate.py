"""Damaged certificates are refused when they are read, and not when somebody asks what they say."""

from __future__ import annotations

import base64
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from govern.errors import SigningError
from govern.signing.certificate import common_name, is_development, read_chain
from tests.evidence.samples import people


def test_no_changed_bit_of_a_certificate_raises_later(tmp_path: Path) -> None:
    whole = people(tmp_path).author.certificate.public_bytes(Encoding.DER)
    refused = 0
    for place in range(len(whole)):
        for bit in (0, 3, 6):
            changed = bytearray(whole)
            changed[place] ^= 1 << bit
            text = base64.encodebytes(bytes(changed)).decode().replace("\n", "")
            lines = "\n".join(text[i : i + 64] for i in range(0, len(text), 64))
            try:
                read = read_chain(f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n".encode())
            except SigningError:
                refused += 1
                continue
            said = (common_name(read[0]), is_development(read[0]), read[0].issuer, list(read[0].extensions))
            assert len(said) == 4
            assert read[0].not_valid_before_utc.year > 0
    assert refused > 100
