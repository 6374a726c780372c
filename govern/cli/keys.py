"""``govern keys``: who can sign, and as what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli.output import Format, console, emit
from govern.cli.secrets import Secrets, StdinOption
from govern.errors import PolicyError
from govern.signing.revocation import Reason
from govern.types import Signatory

if TYPE_CHECKING:
    from rich.console import RenderableType

    from govern.keys.listing import Holder
    from govern.signing.token import Place as Token

Name = Annotated[str, typer.Option(help="The name as it is printed beside signatures.")]
Roles = Annotated[list[Signatory] | None, typer.Option("--role", help="What the holder may sign as; repeat it.")]
HowOption = Annotated[Format, typer.Option("--format", help="How to print the result: table or json.")]
_DAY = "%Y-%m-%d"


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    commands = typer.Typer(
        help="Make, certify, list and revoke keys; say who may sign in which role.", no_args_is_help=True
    )
    for command in (create, list_, show, import_, trust, revoke):
        commands.command(command.__name__.rstrip("_"))(command)
    app.add_typer(commands, name="keys")


def create(
    identity: Annotated[str | None, typer.Argument(help="A short name, such as `ada`; none with --root.")] = None,
    name: Name = "",
    role: Roles = None,
    root: Annotated[bool, typer.Option("--root", help="Make an organisation's root.")] = False,
    request: Annotated[bool, typer.Option("--request", help="Make a request for the root's holder.")] = False,
    development: Annotated[bool, typer.Option("--development", help="Make a marked development key.")] = False,
    token: Annotated[Path | None, typer.Option(help="The PKCS #11 library of a hardware token.")] = None,
    token_label: Annotated[str, typer.Option(help="The token's label.")] = "",
    key_label: Annotated[str, typer.Option(help="The key's label on the token; else the identity.")] = "",
    days: Annotated[int | None, typer.Option(min=1, max=7300, help="Days of validity: 365; a root 3650.")] = None,
    passphrase_stdin: StdinOption = False,
) -> None:
    """Make a key and its certificate under the root at hand.

    --passphrase-stdin: line 1 is the root's passphrase, line 2 the person's new one or the token's PIN. With --root
    and with --request, line 1 is the new one.
    """
    from govern.keys import make
    from govern.keys.place import Place
    from govern.signing.certificate import fingerprint

    _one_of(root=root, request=request, development=development)
    if not name:
        raise PolicyError("no name was given", hint='--name "Dr. Ada Example", as it is to be printed')
    place, secrets, roles = Place.here(), Secrets(stdin=passphrase_stdin), role or []
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
        certificate = make.create_development(place, identity, called=name, roles=roles or [Signatory.AUTHOR])
    else:
        certificate = make.create(
            place,
            identity,
            called=name,
            roles=roles,
            root=secrets.first,
            person=secrets.second if on else secrets.second_new,
            on=on,
            days=days or make.PERSON_DAYS,
        )
    _say(
        f"{identity}: {name!r}, certificate {fingerprint(certificate)[:16]}, until "
        f"{certificate.not_valid_after_utc:%Y-%m-%d}"
    )


def list_(how: HowOption = Format.TABLE) -> None:
    """List everyone who has a key or a right: roles, validity, whether revoked, and where the key lies."""
    from govern.keys.listing import holders
    from govern.keys.place import Place

    place = Place.here()
    found = holders(place)
    _print(how, [asdict(h) for h in found], lambda: _table(found, place.keys))


def show(
    who: Annotated[str, typer.Argument(help="An identity, a name, or the first digits of a certificate's SHA-256.")],
    how: HowOption = Format.TABLE,
) -> None:
    """Show one of them with every right, and why it cannot sign if it cannot."""
    from govern.keys.listing import holder
    from govern.keys.place import Place

    found = holder(Place.here(), who)
    _print(how, asdict(found), lambda: _card(found))


def import_(
    path: Annotated[Path, typer.Argument(help="Key with certificate, a certificate, or a trust folder.")],
    identity: Annotated[str | None, typer.Option("--as", help="The short name it gets, or that waits for it.")] = None,
    passphrase_stdin: StdinOption = False,
) -> None:
    """Bring in a key with its certificate (PEM, PKCS #12), the certificate for a request, or a root's newer rights.

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


def trust(
    what: Annotated[str, typer.Argument(help="A request, a certificate, an identity, a SHA-256, or a root's file.")],
    role: Roles = None,
    until: Annotated[datetime | None, typer.Option(formats=[_DAY], help="The right's last day.")] = None,
    days: Annotated[int, typer.Option(min=1, max=7300, help="Days that a new certificate is valid.")] = 365,
    output: Annotated[Path | None, typer.Option(help="Where to write the certificate; else beside a request.")] = None,
    fingerprint: Annotated[str | None, typer.Option(help="Of a root: its SHA-256, as its holder told it.")] = None,
    passphrase_stdin: StdinOption = False,
) -> None:
    """Certify a request, give further roles to a certificate's holder, or trust another's root.

    --passphrase-stdin: line 1 is the root's passphrase; for another's root the project's own.
    """
    from govern import files
    from govern.keys import certify
    from govern.keys.place import Place
    from govern.signing.certificate import common_name, pem
    from govern.signing.certificate import fingerprint as sha256_of

    place, secrets, roles = Place.here(), Secrets(stdin=passphrase_stdin), role or []
    if not roles and Path(what).is_file() and (root := certify.root_in(Path(what))) is not None:
        certify.believe(place, root, compared=fingerprint, ask=secrets.first)
        _say(f"the root {common_name(root)!r} is trusted here: {place.trust}")
        return
    last = None if until is None else until.replace(tzinfo=UTC) + timedelta(days=1, seconds=-1)
    chain = certify.give(place, what, roles, root=secrets.first, until=last, days=days)
    _say(f"{common_name(chain[0])!r}, certificate {sha256_of(chain[0])[:16]}: {', '.join(r.value for r in roles)}")
    if output is None and certify.is_request(what):
        output = Path(what).with_suffix(".certificate.pem")
    if output is not None:
        files.replace(output, pem(chain))
        _say(f"certificate: {output}", f"send it back, with the trust folder: {place.trust}")


def revoke(
    who: Annotated[str, typer.Argument(help="An identity, a certificate's SHA-256, or its file.")],
    reason: Annotated[Reason, typer.Option(help="Why.")],
    since: Annotated[
        datetime | None,
        typer.Option(formats=[_DAY, "%Y-%m-%dT%H:%M:%S"], help="Since when the key may be in other hands (UTC)."),
    ] = None,
    passphrase_stdin: StdinOption = False,
) -> None:
    """Revoke a certificate: it goes on the root's list, and its holder's rights end, now or since an earlier time.

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
    if how not in (Format.TABLE, Format.JSON):
        raise PolicyError(f"--format {how.value} is not for keys", hint="table or json")
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
