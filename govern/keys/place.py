"""Where keys and rights lie, and the log in which each change of them is entered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from govern import project
from govern.errors import InputError, SigningError
from govern.evidence.entry import KEYS
from govern.project import Workspace
from govern.signing import identity, keystore, rights, roots
from govern.signing.authority import CERTIFICATES, Authority, Change, settle
from govern.signing.certificate import common_name, fingerprint, read_chain
from govern.signing.identity import ROOT, Identity
from govern.signing.passphrase import Ask
from govern.signing.rights import Rights
from govern.signing.trust import RIGHTS, Trust, files

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from govern.evidence.log import Entry

_LIMIT_BYTES = 1 << 20
_PREFIX = re.compile(r"[0-9a-f]{8,64}")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A project's keys and trust, or a person's own (``~/.config/govern``) where there is no project."""

    keys: Path
    trust: Path
    workspace: Workspace | None

    @classmethod
    def here(cls) -> Place:
        """Return the place of the project in which one stands, else the person's own.

        Raises:
            PolicyError: the project file is wrong.
        """
        found = project.find(Path.cwd())
        if found is None:
            own = roots.personal_trust()
            return cls(keys=own.with_name("keys"), trust=own, workspace=None)
        workspace = project.load(found)
        return cls(keys=workspace.keys, trust=workspace.trust, workspace=workspace)

    def authority(self, ask: Ask) -> Authority:
        """Return the root at hand, ready to sign.

        Raises:
            SigningError: there is none, or as :func:`govern.signing.identity.load`.
        """
        if not keystore.taken(self.keys, ROOT):
            raise SigningError(
                f"there is no root in {self.keys}",
                hint="make one with `govern keys create --root`, or ask its holder: `govern keys create --request`",
            )
        return Authority(root=identity.load(self.keys, ROOT, ask=ask), trust=self.trust, journal=self)

    def enter(self, change: Change, signer: Identity) -> None:
        """Enter a change in the project's log, signed by who made it: a root's by the root itself.

        Raises:
            InputError, ServiceError: it cannot be written, so the change must not be made.
        """
        if self.workspace is None:
            return
        from govern.evidence.log import Log

        Log(self.workspace.log).append(KEYS, {**asdict(change), "roles": list(change.roles)}, identity=signer)

    def newest(self) -> Change | None:
        """Return the change of keys that the project's log has last.

        Raises:
            InputError, ServiceError: the log cannot be read.
        """
        if self.workspace is None:
            return None
        from govern.evidence.log import Log

        entries = Log(self.workspace.log).find(KEYS)
        return read_change(entries[-1]) if entries else None

    def left(self) -> tuple[Rights, bytes] | None:
        """Return the rights here, which are those that the log names last, and their bytes; ``None`` if there are none.

        Raises:
            SigningError: they are others, or do not hold.
        """
        settle(self.trust, self)
        data = files(self.trust).get(RIGHTS)
        return None if data is None else (rights.read(data, Trust.of(self.trust).roots), data)

    def signer(self, ask: Ask) -> Identity | None:
        """Return who enters what no root has done: the project's identity; ``None`` where there is no project.

        Raises:
            SigningError: it cannot sign.
        """
        if self.workspace is None:
            return None
        return identity.load(self.keys, self.workspace.project.identity, ask=ask)

    def believed(self) -> Trust:
        """Return the trust in the roots here and in those that this person trusts everywhere."""
        return Trust.of(self.trust, roots.personal_trust())

    def identities(self) -> list[str]:
        """Return the names of the identities here, the root's among them."""
        if not self.keys.is_dir():
            return []
        return sorted(p.name for p in self.keys.iterdir() if p.is_dir() and not p.name.startswith("."))

    def chains(self) -> Iterator[tuple[str | None, tuple[Certificate, ...]]]:
        """Give every person's certificate that is known here, with the identity that holds its key here, if any."""
        for name in self.identities():
            if (self.keys / name / keystore.CERTIFICATE_FILE).exists():
                yield name, keystore.certificates(self.keys / name)
        for path in sorted((self.trust / CERTIFICATES).glob("*.pem")):
            yield None, read_chain(read(path))

    def chain(self, what: str) -> tuple[Certificate, ...]:
        """Return the certificate, and its issuers, of an identity, of a SHA-256 or its first digits, or in a file.

        Raises:
            SigningError: there is none, or more than one.
        """
        if Path(what).is_file():
            return read_chain(read(Path(what)))
        found = {fingerprint(chain[0]): chain for name, chain in self.chains() if name == what}
        if not found and _PREFIX.fullmatch(what):
            found = {f: c for f, c in ((fingerprint(c[0]), c) for _, c in self.chains()) if f.startswith(what)}
        if len(found) != 1:
            names = ", ".join(f"{f[:16]} ({common_name(c[0])})" for f, c in found.items())
            raise SigningError(
                f"{what!r} is {f'more than one certificate: {names}' if found else 'no identity or certificate here'}",
                hint="see `govern keys list`; give an identity, a certificate's SHA-256, or its file",
            )
        return next(iter(found.values()))


def read_change(entry: Entry) -> Change:
    """Return the change in an entry of the log.

    Raises:
        InputError: it is none.
    """
    try:
        return Change(**{**entry.body, "roles": tuple(entry.body["roles"])})
    except (TypeError, KeyError):
        raise InputError(
            f"entry {entry.index} of the log is no change of keys", hint="run `govern log verify`"
        ) from None


def read(path: Path) -> bytes:
    """Return the bytes of a small file that a person names.

    Raises:
        SigningError: it cannot be read, or is larger than 1 MiB.
    """
    try:
        if path.stat().st_size > _LIMIT_BYTES:
            raise SigningError(f"{path}: larger than {_LIMIT_BYTES >> 20} MiB", hint="give a key or certificate")
        return path.read_bytes()
    except OSError as e:
        raise SigningError(f"{path}: cannot be read: {e.strerror}", hint="check the path") from None
