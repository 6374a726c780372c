"""``govern keys``: who can sign, and as what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from govern.cli.commands import FILE, Commands, Word
from govern.cli.output import Format, console, emit
from govern.cli.secrets import Secrets, stdin_option
from govern.errors import PolicyError
from govern.signing.revocation import Reason
from govern.types import Signatory

if TYPE_CHECKING:
    from rich.console import RenderableType

    from govern.keys.listing import Holder
    from govern.signing.token import Place as Token

_DAY = "%Y-%m-%d"
_DAYS = click.IntRange(1, 7300)
role_option = click.option(
    "--role", "roles", type=Word(Signatory), multiple=True, help="What the holder may sign as; repeat it."
)
how_option = click.option(
    "--format",
    "how",
    type=Word([Format.TABLE, Format.JSON]),
    default=Format.TABLE.value,
    help="How to print the result.",
)


@click.group("keys", cls=Commands)
def keys() -> None:
    """Make, certify, list and revoke keys; say who may sign in which role."""


@keys.command("create")
@click.argument("identity", required=False)
@click.option("--name", default="", help="The name as it is printed beside signatures.")
@role_option
@click.option("--root", is_flag=True, help="Make an organisation's root.")
@click.option("--request", is_flag=True, help="Make a request for the root's holder.")
@click.option("--development", is_flag=True, help="Make a marked development key.")
@click.option("--token", type=FILE, help="The PKCS #11 library of a hardware token.")
@click.option("--token-label", default="", help="The token's label.")
@click.option("--key-label", default="", help="The key's label on the token; else the identity.")
@click.option("--days", type=_DAYS, help="Days of validity: 365; a root 3650.")
@stdin_option
def create(
    identity: str | None,
    name: str,
    roles: tuple[Signatory, ...],
    root: bool,
    request: bool,
    development: bool,
    token: Path | None,
    token_label: str,
    key_label: str,
    days: int | None,
    passphrase_stdin: bool,
) -> None:
    """Make a key and its certificate under the root at hand.

    IDENTITY is a short name, such as `ada`; there is none with --root.

    --passphrase-stdin: line 1 is the root's passphrase, line 2 the person's new one or the token's PIN. With --root
    and with --request, line 1 is the new one.
    """
    from govern.keys import make
    from govern.keys.place import Place
    from govern.signing.certificate import fingerprint

    _one_of(root=root, request=request, development=development)
    if not name:
        raise PolicyError("no name was given", hint='--name "Dr. Ada Example", as it is to be printed')
    place, secrets = Place.here(), Secrets(stdin=passphrase_stdin)
    if root:
        if identity or roles or token:
            raise PolicyError("a root takes neither an identity, a role nor a token", hint="see `--help`")
        made = make.create_root(place, name, new=secrets.first_new, days=days or make.ROOT_DAYS)
        _say(f"root {name!r}, SHA-256 {made.fingerprint}", f"key: {place.keys / 'root'}; keep a copy of it offline")
        _say(f"give everyone its certificate and this number: {place.trust}")
        return
    if not identity:
        raise PolicyError("no identity was given", hint="a short name, such as `ada`, or --root")
    on = _token(token, token_label, key_label or identity)
    if request:
        if roles:
            raise PolicyError("a request names no role", hint="roles are the root's holder's to give: `keys trust`")
        person = secrets.first if on else secrets.first_new
        path = make.ask_for(place, identity, called=name, person=person, on=on)
        _say(f"request of {name!r}: {path}", "send it to the root's holder, who runs `govern keys trust`")
        return
    if development:
        if on:
            raise PolicyError("a development key lies in a file", hint="leave out --token")
        certificate = make.create_development(place, identity, called=name, roles=list(roles) or [Signatory.AUTHOR])
    else:
        certificate = make.create(
            place,
            identity,
            called=name,
            roles=list(roles),
            root=secrets.first,
            person=secrets.second if on else secrets.second_new,
            on=on,
            days=days or make.PERSON_DAYS,
        )
    _say(
        f"{identity}: {name!r}, certificate {fingerprint(certificate)[:16]}, until "
        f"{certificate.not_valid_after_utc:%Y-%m-%d}"
    )


@keys.command("list")
@how_option
def list_(how: Format) -> None:
    """List everyone who has a key or a right: roles, validity, whether revoked, and where the key lies."""
    from govern.keys.listing import holders
    from govern.keys.place import Place

    place = Place.here()
    found = holders(place)
    _print(how, [asdict(h) for h in found], lambda: _table(found, place.keys))


@keys.command("show")
@click.argument("who")
@how_option
def show(who: str, how: Format) -> None:
    """Show one of them with every right, and why it cannot sign if it cannot.

    WHO is an identity, a name, or the first digits of a certificate's SHA-256.
    """
    from govern.keys.listing import holder
    from govern.keys.place import Place

    found = holder(Place.here(), who)
    _print(how, asdict(found), lambda: _card(found))


@keys.command("import")
@click.argument("path", type=FILE)
@click.option("--as", "identity", help="The short name it gets, or that waits for it.")
@stdin_option
def import_(path: Path, identity: str | None, passphrase_stdin: bool) -> None:
    """Bring in a key with its certificate (PEM, PKCS #12), the certificate for a request, or a root's newer rights.

    PATH is a key with its certificate, a certificate, or a trust folder.

    --passphrase-stdin: line 1 opens what is brought in, the key that waits, or for rights the project's own key;
    line 2 is the new one with which a key is kept.
    """
    from govern.keys import bring
    from govern.keys.place import Place

    place, secrets = Place.here(), Secrets(stdin=passphrase_stdin)
    if path.is_dir():
        new = bring.rights_from(place, path, ask=secrets.first)
        _say(f"rights of the root {new.root[:16]}, serial {new.serial}: {len(new.signers)} given")
        return
    if not identity:
        raise PolicyError("no identity was given", hint="--as NAME, a short name such as `ada`")
    brought = bring.identity_from(place, identity, path, opening=secrets.first, new=secrets.second_new)
    _say(f"{identity}: {brought.name!r}, certificate {brought.fingerprint[:16]}")


@keys.command("trust")
@click.argument("what")
@role_option
@click.option("--until", type=click.DateTime([_DAY]), help="The right's last day.")
@click.option("--days", type=_DAYS, default=365, help="Days that a new certificate is valid.")
@click.option("--output", type=FILE, help="Where to write the certificate; else beside a request.")
@click.option("--fingerprint", help="Of a root: its SHA-256, as its holder told it.")
@stdin_option
def trust(
    what: str,
    roles: tuple[Signatory, ...],
    until: datetime | None,
    days: int,
    output: Path | None,
    fingerprint: str | None,
    passphrase_stdin: bool,
) -> None:
    """Certify a request, give further roles to a certificate's holder, or trust another's root.

    WHAT is a request, a certificate, an identity, a SHA-256, or a root's file.

    --passphrase-stdin: line 1 is the root's passphrase; for another's root the project's own.
    """
    from govern import files
    from govern.keys import certify
    from govern.keys.place import Place
    from govern.signing.certificate import common_name, pem
    from govern.signing.certificate import fingerprint as sha256_of

    place, secrets = Place.here(), Secrets(stdin=passphrase_stdin)
    if not roles and Path(what).is_file() and (root := certify.root_in(Path(what))) is not None:
        certify.believe(place, root, compared=fingerprint, ask=secrets.first)
        _say(f"the root {common_name(root)!r} is trusted here: {place.trust}")
        return
    last = None if until is None else until.replace(tzinfo=UTC) + timedelta(days=1, seconds=-1)
    chain = certify.give(place, what, list(roles), root=secrets.first, until=last, days=days)
    _say(f"{common_name(chain[0])!r}, certificate {sha256_of(chain[0])[:16]}: {', '.join(r.value for r in roles)}")
    if output is None and certify.is_request(what):
        output = Path(what).with_suffix(".certificate.pem")
    if output is not None:
        files.replace(output, pem(chain))
        _say(f"certificate: {output}", f"send it back, with the trust folder: {place.trust}")


@keys.command("revoke")
@click.argument("who")
@click.option("--reason", type=Word(Reason), required=True, help="Why.")
@click.option(
    "--since",
    type=click.DateTime([_DAY, "%Y-%m-%dT%H:%M:%S"]),
    help="Since when the key may be in other hands (UTC).",
)
@stdin_option
def revoke(who: str, reason: Reason, since: datetime | None, passphrase_stdin: bool) -> None:
    """Revoke a certificate: it goes on the root's list, and its holder's rights end, now or since an earlier time.

    WHO is an identity, a certificate's SHA-256, or its file.

    --passphrase-stdin: line 1 is the root's passphrase.
    """
    from govern.keys import certify
    from govern.keys.place import Place
    from govern.signing.certificate import common_name

    moment = None if since is None else since.replace(tzinfo=UTC)
    secrets = Secrets(stdin=passphrase_stdin)
    certificate = certify.revoke(Place.here(), who, reason=reason, root=secrets.first, since=moment)
    _say(f"revoked: {common_name(certificate)!r}, {reason.value}")


def _one_of(**given: bool) -> None:
    chosen = [f"--{name}" for name, on in given.items() if on]
    if len(chosen) > 1:
        raise PolicyError(f"{' and '.join(chosen)} exclude each other", hint="choose one")


def _token(module: Path | None, label: str, key: str) -> Token | None:
    from govern.signing.token import Place as Token

    if module is None:
        if label:
            raise PolicyError("--token-label without --token", hint="--token LIBRARY, the token's PKCS #11 library")
        return None
    if not label:
        raise PolicyError("--token without --token-label", hint="see `pkcs11-tool --list-token-slots`")
    return Token(module=str(module.resolve()), token=label, key=key)


def _say(*lines: str) -> None:
    screen = console()
    for line in lines:
        screen.print(line, markup=False, soft_wrap=True)


def _print(how: Format, value: object, table: Callable[[], RenderableType]) -> None:
    emit(how, None, title="keys", cases=list, contract=lambda: value, table=table)


def _table(found: list[Holder], keys: Path) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("name", "roles", "until", "certificate", "key"):
        table.add_column(title, overflow="fold", no_wrap=title in ("until", "certificate"))
    for h in found:
        roles = "root" if h.kind == "root" else ", ".join(h.roles) or "none"
        text = Text(roles)
        if h.development:
            text.append("\nDEVELOPMENT", style="yellow")
        if h.revoked:
            text.append(f"\nREVOKED: {h.revoked.removeprefix('revoked ')}", style="bold red")
        elif h.fault:
            text.append("\ncannot sign", style="red")
        where = h.key.replace(f"{keys}/", "")
        table.add_row(Text(h.name), text, (h.valid_until or "")[:10], (h.certificate or "")[:12], Text(where))
    return table


def _card(h: Holder) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for title, value in (
        ("name", h.name),
        ("identity", h.identity),
        ("what", h.kind),
        ("certificate", h.certificate),
        ("valid", f"{h.valid_from} to {h.valid_until}" if h.valid_from else None),
        ("roles now", ", ".join(h.roles) or "none"),
        *(("right", f"{', '.join(r['roles'])}, {r['from']} to {r['until']}") for r in h.rights),
        ("development", "yes" if h.development else "no"),
        ("revoked", h.revoked),
        ("key", h.key),
        ("cannot sign", h.fault),
    ):
        if value:
            table.add_row(title, Text(value))
    return table
