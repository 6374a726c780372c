"""``trust.yaml``: which certificate may sign in which role, and when; signed by the root that issued them.

The file is YAML for people; its last line, ``signature``, is the root's ECDSA signature over all bytes
before it. One file, replaced in one step: rights and signature cannot come apart. The list of revoked
certificates (:mod:`govern.signing.revocation`) lies beside it and is named in it by its digest. Both
travel with evidence. Nobody is ever taken out of the file: a right ends by its ``until``, so what was
signed before can still be judged years later.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from govern import strict_yaml
from govern.canonical import sha256
from govern.errors import PolicyError, SigningError
from govern.signing import signature
from govern.signing.certificate import common_name, fingerprint, public_key
from govern.signing.trust import RIGHTS, Trust, files
from govern.types import Signatory

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from govern.signing.identity import Identity

#: The name under which the list of revoked certificates travels.
REVOKED = "revoked.crl"
_SIGNATURE = b"signature: "
_LIMIT_BYTES = 4 << 20
_RESTORE = "restore it from a copy, and change it with `govern keys`"
_SHA256 = r"^[0-9a-f]{64}$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Right(_Strict):
    """One certificate's right to sign in some roles, from one moment until another."""

    #: SHA-256 (hex) of the certificate's DER bytes.
    certificate: str = Field(pattern=_SHA256)
    #: The person's printed name, as the certificate has it.
    name: str
    roles: tuple[Signatory, ...] = Field(min_length=1)
    from_: AwareDatetime = Field(alias="from")
    until: AwareDatetime


class Rights(_Strict):
    """A whole ``trust.yaml``."""

    schema_: Literal["govern/trust/1"] = Field(alias="schema")
    #: Grows by one with every change: of two files of one root the greater counts.
    serial: int = Field(ge=1)
    #: SHA-256 (hex) of the root's certificate.
    root: str = Field(pattern=_SHA256)
    #: SHA-256 (hex) of the list of revoked certificates that belongs to it; none where nothing was ever revoked.
    revoked: str | None = Field(default=None, pattern=_SHA256)
    signers: tuple[Right, ...] = ()

    def roles_of(self, certificate: Certificate, moment: datetime) -> frozenset[Signatory]:
        """Return the roles in which a certificate may sign at ``moment``."""
        own, name = fingerprint(certificate), common_name(certificate)
        held = (r for r in self.signers if r.certificate == own and r.name == name and r.from_ <= moment <= r.until)
        return frozenset(role for right in held for role in right.roles)

    def granted(
        self,
        certificate: Certificate,
        roles: Iterable[Signatory],
        *,
        now: datetime,
        until: datetime | None = None,
    ) -> Rights:
        """Return the rights with one more, from ``now`` until then, or until the certificate runs out."""
        last = certificate.not_valid_after_utc
        right = Right.model_validate(
            {
                "certificate": fingerprint(certificate),
                "name": common_name(certificate),
                "roles": tuple(dict.fromkeys(roles)),
                # a signature states its time in whole seconds
                "from": max(now.replace(microsecond=0), certificate.not_valid_before_utc),
                "until": last if until is None else min(until, last),
            }
        )
        return self.model_copy(update={"serial": self.serial + 1, "signers": (*self.signers, right)})

    def ended(self, certificate: str, *, now: datetime, revoked: str | None) -> Rights:
        """Return the rights with those of a certificate (SHA-256) ended ``now``, and the list that says so.

        ``now`` may lie in the past, for a key that was in other hands since then.
        """
        signers = tuple(
            r.model_copy(update={"until": now}) if r.certificate == certificate and r.until > now else r
            for r in self.signers
        )
        return self.model_copy(update={"serial": self.serial + 1, "signers": signers, "revoked": revoked})


def none_yet(root: Certificate) -> Rights:
    """Return the rights under a root that has given none."""
    return Rights.model_validate({"schema": "govern/trust/1", "serial": 1, "root": fingerprint(root)})


def text(rights: Rights) -> bytes:
    """Return the rights as YAML, in one form."""
    lines = [
        "# Who may sign in which role. Signed by the root: change it with `govern keys`.",
        f"schema: {rights.schema_}",
        f"serial: {rights.serial}",
        f'root: "{rights.root}"',
    ]
    if rights.revoked:
        lines.append(f'revoked: "{rights.revoked}"')
    lines.append("signers:" if rights.signers else "signers: []")
    for right in rights.signers:
        lines += [
            f'  - certificate: "{right.certificate}"',
            f"    name: {_quoted(right.name)}",
            f"    roles: [{', '.join(r.value for r in right.roles)}]",
            f'    from: "{_utc(right.from_)}"',
            f'    until: "{_utc(right.until)}"',
        ]
    return ("\n".join(lines) + "\n").encode()


def signed(rights: Rights, root: Identity) -> bytes:
    """Return the file of the rights, signed by their root.

    Raises:
        SigningError: the rights are another root's.
    """
    if rights.root != root.fingerprint:
        raise SigningError(
            f"{RIGHTS} is of the root {rights.root[:16]}, and {root.name!r} is {root.fingerprint[:16]}",
            hint="sign with the root that issued these certificates",
        )
    data = text(rights)
    return data + _line(root.sign(data))


def read(data: bytes, roots: Sequence[Certificate], *, path: Path | None = None) -> Rights:
    """Return the rights in a file that one of the roots signed.

    Args:
        data: the file's bytes.
        roots: the trusted roots.
        path: what complaints name.

    Raises:
        SigningError: it is no such file, or no trusted root signed these bytes.
    """
    where = path or Path(RIGHTS)
    if len(data) > _LIMIT_BYTES:
        raise SigningError(f"{where}: larger than {_LIMIT_BYTES >> 20} MiB", hint=_RESTORE)
    body, mark, last = data.rpartition(b"\n" + _SIGNATURE)
    body += b"\n"
    if not mark:
        raise SigningError(f"{where}: it is not signed", hint=_RESTORE)
    try:
        blob = base64.b64decode(last.removesuffix(b"\n"), validate=True)
        rights = strict_yaml.build(Rights, strict_yaml.parse(body.decode(), where))
    except (UnicodeDecodeError, binascii.Error) as e:
        raise SigningError(f"{where}: not a signed {RIGHTS}: {e}", hint=_RESTORE) from None
    except PolicyError as e:
        raise SigningError(e.message, hint=_RESTORE) from None
    root = next((r for r in roots if fingerprint(r) == rights.root), None)
    if root is None:
        raise SigningError(
            f"{where}: it speaks for the root {rights.root[:16]}, which is not trusted here",
            hint="compare that root's fingerprint with its holder, then run `govern keys trust ROOT.pem`",
        )
    if body + _line(blob) != data or not signature.holds(public_key(root), blob, body):
        raise SigningError(
            f"{where}{_changed_line(rights, body)}: the root {common_name(root)!r} did not sign these bytes",
            hint=f"it was changed by hand: {_RESTORE}",
        )
    return rights


def of_root(folder: Path, root: Certificate) -> Rights:
    """Return the rights that a root has given, in the trust folder; those of nobody where there is no file yet.

    Raises:
        SigningError: the file there is another root's, or does not hold.
    """
    found = files(folder)
    if RIGHTS not in found:
        return none_yet(root)
    return Trust(roots=(root,)).beside(found).rights[0]


def travelling(folder: Path) -> dict[str, bytes]:
    """Return what travels with evidence from a trust folder: the rights, and the list that they name.

    The names are those of a bundle; nothing where there is no file yet.

    Raises:
        SigningError: what lies there does not hold.
    """
    found = files(folder)
    if RIGHTS not in found:
        return {}
    (rights,) = Trust.of(folder).rights
    kept = {RIGHTS: found[RIGHTS]}
    if rights.revoked is not None:
        kept[REVOKED] = next(data for data in found.values() if sha256(data) == rights.revoked)
    return kept


def _changed_line(rights: Rights, body: bytes) -> str:
    """Return ``:LINE`` where a line is not as govern writes it; nothing where a change kept to the form."""
    pairs = zip_longest(text(rights).splitlines(), body.splitlines())
    line = next((i for i, (written, found) in enumerate(pairs, start=1) if written != found), None)
    return "" if line is None else f":{line}"


def _line(blob: bytes) -> bytes:
    return _SIGNATURE + base64.b64encode(blob) + b"\n"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)
