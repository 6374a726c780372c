"""Where passphrases and PINs come from, and what a new one must be."""

from __future__ import annotations

import os
from collections.abc import Callable

from govern.errors import SigningError

#: Called with what is asked for, such as ``passphrase of 'author'``; called only where one is needed.
Ask = Callable[[str], str]
#: The environment variable that opens keys where nobody is asked (``check``, ``register``, ``dossier``).
PASSPHRASE = "GOVERN_PASSPHRASE"
#: NIST SP 800-63B asks for 8; a key file can be tried offline, without anyone noticing.
SHORTEST = 12


def from_environment(what: str) -> str:
    """Return the passphrase in the environment.

    Raises:
        SigningError: there is none.
    """
    given = os.environ.get(PASSPHRASE, "")
    if not given:
        raise SigningError(f"the key is encrypted, and no {what} was given", hint=f"set it in {PASSPHRASE}")
    return given


def accepted(passphrase: str) -> str:
    """Return a new passphrase that is fit to protect a key.

    Raises:
        SigningError: it is empty, blank, shorter than twelve characters, or one character repeated.
    """
    if len(passphrase.strip()) < SHORTEST or len(set(passphrase)) < 2:
        raise SigningError(
            f"the passphrase is too short: {len(passphrase.strip())} characters, and at least {SHORTEST} are needed",
            hint="choose a sentence that you can remember",
        )
    return passphrase
