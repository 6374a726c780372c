from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from govern.signing import signature


def test_every_signature_is_in_its_low_form_and_holds() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    for i in range(32):  # half of them would be high
        made = signature.sign(key, bytes([i]))
        assert decode_dss_signature(made)[1] <= signature.ORDER // 2
        assert signature.holds(key.public_key(), made, bytes([i]))


def test_the_twin_that_anyone_can_compute_is_refused() -> None:
    from cryptography.hazmat.primitives import hashes

    key = ec.generate_private_key(ec.SECP256R1())
    made = signature.sign(key, b"data")
    r, s = decode_dss_signature(made)
    twin = encode_dss_signature(r, signature.ORDER - s)
    key.public_key().verify(twin, b"data", ec.ECDSA(hashes.SHA256()))  # mathematically it holds
    assert not signature.holds(key.public_key(), twin, b"data")


def test_whatever_is_no_signature_does_not_hold() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    made = signature.sign(key, b"data")
    for other in (b"", b"\x30", made[:-1], made + b"\x00", bytes(72), encode_dss_signature(0, 0)):
        assert not signature.holds(key.public_key(), other, b"data")
    assert not signature.holds(key.public_key(), made, b"dat")
    assert not signature.holds(ec.generate_private_key(ec.SECP256R1()).public_key(), made, b"data")
