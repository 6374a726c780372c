"""pyHanko asked one thing: whether a signature holds. It trusts nobody, fetches nothing and prints nothing."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyhanko_certvalidator import ValidationContext


def without_trust() -> ValidationContext:
    """Return a context in which no certificate leads to a root: trust is judged by this package."""
    from pyhanko_certvalidator import ValidationContext
    from pyhanko_certvalidator.registry import TrustManager

    class NoTrust(TrustManager):  # type: ignore[misc,unused-ignore]
        def as_trust_anchor(self, cert: Any) -> None:
            return None

        def find_potential_issuers(self, cert: Any) -> Iterator[Any]:
            return iter(())

    return ValidationContext(trust_manager=NoTrust(), allow_fetching=False)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep pyHanko's warnings and tracebacks off the terminal; what they say is in the steps."""
    loggers = [logging.getLogger("pyhanko"), logging.getLogger("pyhanko_certvalidator")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


@contextmanager
def uncollected() -> Iterator[None]:
    """Let no garbage be looked for: a PDF becomes some 100,000 objects that all stay, and looking takes half the time.

    Where two threads are in here, it is looked for again as soon as the first one leaves.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
