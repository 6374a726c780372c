"""Many ECDSA signatures, verified by as many interpreters as there are cores.

Every checkpoint of a log is verified, none is taken from another: whoever signs a later one vouches for the root,
not for who made the entries under it. One verification takes about 45 us, and the library holds the interpreter's
lock meanwhile, so that threads gain nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from govern.aside import Aside
from govern.errors import InputError
from govern.evidence.note import BROKEN

#: What is signed, and its signature (DER).
Signed = tuple[bytes, bytes]
_BATCH = 1000
#: Below this many another interpreter takes longer to start than it saves.
_FEW = 8_000
_MOST_ASIDES = 3
#: What reading an entry costs, in signatures verified: done by this process alone, so that it verifies fewer.
_READING = 0.6


class Signatures:
    """Signatures that are verified, here and beside this process, as they are added; close it by a ``with``."""

    def __init__(self, expected: int) -> None:
        """Start what is needed.

        Args:
            expected: how many there will be, about.
        """
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        asides = min(cores - 1, _MOST_ASIDES) if expected >= _FEW else 0
        self._asides = [Aside() for _ in range(asides)]
        self._own = max(0.0, (1 + _READING) / (asides + 1) - _READING)
        self._batches: dict[bytes, list[tuple[int, Signed]]] = {}
        self._waiting: list[Callable[[], int | None]] = []
        self._kept: list[tuple[bytes, list[tuple[int, Signed]]]] = []
        self._given = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for aside in self._asides:
            aside.close()

    def add(self, number: int, key: bytes, signed: bytes, signature: bytes) -> None:
        """Add a signature by a key (DER of its SubjectPublicKeyInfo); ``number`` is what a complaint names."""
        batch = self._batches.setdefault(key, [])
        batch.append((number, (signed, signature)))
        if len(batch) >= _BATCH:
            self._send(key)

    def verify(self) -> None:
        """Wait for all.

        Raises:
            InputError: one does not hold; the first by number is named.
            GovernError: an interpreter ended before it had answered.
        """
        for key in list(self._batches):
            self._send(key)
        broken = [first_broken(key, batch) for key, batch in self._kept]
        broken += [answer() for answer in self._waiting]
        if found := [number for number in broken if number is not None]:
            raise InputError(f"entry {min(found)}: {BROKEN}")

    def _send(self, key: bytes) -> None:
        """Keep a batch, or give it away: the first ones go, since those beside have nothing else to do."""
        batch = self._batches.pop(key)
        sent = len(self._waiting)
        total = sent + len(self._kept)
        if not self._asides or len(self._kept) < self._own * (total + 1) - 1:
            self._kept.append((key, batch))
            return
        aside = self._asides[sent % len(self._asides)]
        self._waiting.append(aside.call("govern.evidence.signatures", "first_broken", key, batch))


def first_broken(key: bytes, batch: Sequence[tuple[int, Signed]]) -> int | None:
    """Return the number of the first signature that a key (DER) did not make; ``None`` where it made them all."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    from govern.signing.signature import holds

    public = load_der_public_key(key)
    assert isinstance(public, ec.EllipticCurvePublicKey)  # noqa: S101  read_chain refuses others
    return next((number for number, (signed, signature) in batch if not holds(public, signature, signed)), None)
