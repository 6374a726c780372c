"""``govern approve``, ``govern reject`` and ``govern waive``: people sign, each time with their passphrase."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from govern.cli.commands import Word
from govern.cli.output import console
from govern.cli.secrets import Secrets, stdin_option
from govern.errors import PolicyError
from govern.types import Signatory

if TYPE_CHECKING:
    from govern.project import Workspace
    from govern.signing.identity import Identity


def _signing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command what every signature asks for."""
    for option in (
        stdin_option,
        click.option("--identity", help="Your identity in .govern/keys; else the role's name, or the project's own."),
        click.option("--meaning", required=True, help="What your signature means, such as 'clinical approval'."),
        click.option("--role", type=Word(Signatory), required=True, help="In which role you sign."),
        click.argument("target", metavar="NAME/VERSION"),
    ):
        command = option(command)
    return command


@click.command("approve")
@_signing
def approve(target: str, role: Signatory, meaning: str, identity: str | None, passphrase_stdin: bool) -> None:
    """Approve a registered version: an electronic signature, in the log and in its dossiers."""
    _sign("approval", target, role, meaning, identity, passphrase_stdin)


@click.command("reject")
@_signing
def reject(target: str, role: Signatory, meaning: str, identity: str | None, passphrase_stdin: bool) -> None:
    """Reject a registered version: no alias or stage leads to it until the rejection is lifted."""
    _sign("rejection", target, role, meaning, identity, passphrase_stdin)


@click.command("waive")
@click.argument("finding", required=False)
@click.option("--reason", help="Why the finding is accepted for now.")
@click.option("--expires", help="The waiver's last day, YYYY-MM-DD.")
@click.option("--name", help="The registered name it is for; without it, runs of `govern check`.")
@click.option("--policy", help="A policy file or pack; else the project's own.")
@click.option("--approve", "approve_index", type=int, metavar="INDEX", help="Approve the waiver in this log entry.")
@click.option("--identity", help="Your identity in .govern/keys; else the project's own.")
@stdin_option
def waive(
    finding: str | None,
    reason: str | None,
    expires: str | None,
    name: str | None,
    policy: str | None,
    approve_index: int | None,
    identity: str | None,
    passphrase_stdin: bool,
) -> None:
    """Propose a waiver of a finding, as its owner; or approve one that somebody else owns.

    FINDING is the id of a finding that blocks.
    """
    from govern import project
    from govern.evidence.log import Log
    from govern.lifecycle import waivers
    from govern.lifecycle.entries import signing_time
    from govern.policy import policy_of
    from govern.signing.trust import Trust

    workspace = project.load()
    now, trust = signing_time(Log(workspace.log).last()), Trust.of(workspace.trust)
    print_ = console().print
    if approve_index is not None:
        if any(given is not None for given in (finding, reason, expires, name, policy)):
            raise PolicyError("--approve INDEX takes no finding", hint="govern waive --approve INDEX --identity ID")
        approver = _opened(workspace, identity, passphrase_stdin)
        entry = waivers.approve(workspace, approve_index, approver=approver, trust=trust, now=now).entry
        print_(f"waiver of entry {approve_index} approved by {entry.actor}, log entry {entry.index}")
        print_("the next run of the gate counts it")
        return
    if finding is None or reason is None or expires is None:
        raise PolicyError(
            "a finding, --reason and --expires are needed",
            hint="govern waive FINDING --reason TEXT --expires YYYY-MM-DD; or govern waive --approve INDEX",
        )
    judged_by = policy_of(workspace, policy)
    owner = _opened(workspace, identity, passphrase_stdin)
    entry = waivers.propose(
        workspace,
        finding,
        reason=reason,
        expires=expires,
        name=name,
        policy=judged_by,
        owner=owner,
        trust=trust,
        now=now,
    ).entry
    where = f"the name {name}" if name else "runs of `govern check` (no --name)"
    print_(f"waiver of {finding} for {where}, until {expires}, owner {entry.actor}: log entry {entry.index}")
    print_(f"it covers nothing until another person approves it: govern waive --approve {entry.index} --identity ID")


def _sign(kind: str, target: str, role: Signatory, meaning: str, identity: str | None, stdin: bool) -> None:
    from govern import project
    from govern.approve import sign
    from govern.signing import identity as identities

    workspace = project.load()
    if identity is None and identities.exists(workspace.keys, role.value):
        identity = role.value
    signer = _opened(workspace, identity, stdin)
    done = sign(workspace, target, kind=kind, role=role, meaning=meaning, signer=signer)
    entry = done.receipt.entry
    mark = " with a DEVELOPMENT key" if signer.development else ""
    finished = " (entered before; finished now)" if done.resumed else ""
    print_ = console().print
    print_(f"{entry.kind} of {target} as {role.value} by {entry.actor}{mark}, log entry {entry.index}{finished}")
    for path in done.dossiers:
        print_(f"  signed {path}")
    if done.standing.complete:
        print_("nothing is missing: an alias may be set")
    for step in done.standing.steps():
        if not step.ok:
            print_(f"  {step.name}: {step.found}")


def _opened(workspace: Workspace, identity: str | None, stdin: bool) -> Identity:
    """Open a key for one signature: its passphrase is asked now, whatever the environment holds (21 CFR 11.200(a))."""
    from govern.signing import identity as identities

    ask = Secrets(stdin=stdin).first
    return identities.load(workspace.keys, identity or workspace.project.identity, ask=ask)
