"""``govern policy``: what must hold."""

from __future__ import annotations

import click

from govern.cli.commands import Commands
from govern.cli.output import console
from govern.types import Role, Severity


@click.group("policy", cls=Commands)
def policy() -> None:
    """List, show, lint, explain and freeze policies."""


@policy.command("list")
def list_() -> None:
    """List the policy packs that come with govern."""
    from rich.table import Table

    from govern.policy import load_policy, packs

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("pack", no_wrap=True)
    table.add_column("version")
    table.add_column("rules", justify="right")
    table.add_column("title")
    for name in packs():
        policy = load_policy(name, whole=False)
        table.add_row(name, policy.version, str(len(policy.checks)), policy.title)
    console().print(table)


@policy.command("show")
@click.argument("policy")
def show(policy: str) -> None:
    """Show a policy with everything that it extends: each rule, its criterion and its reason."""
    from rich.table import Table

    from govern.policy import load_policy

    found = load_policy(policy, whole=False)
    screen = console()
    screen.print(f"[bold]{found.title}[/bold]\n{found.id} {found.version}\nsha256 {found.sha256}\n")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, wrap in (("rule", False), ("for whom", True), ("must hold", True), ("else", True)):
        table.add_column(name, no_wrap=not wrap)
    for rule in found.checks:
        required = str(rule.accept)
        otherwise = "warns" if rule.severity is Severity.WARN else "blocks"
        table.add_row(rule.id, ", ".join(rule.by) or "everybody", f"{rule.check} {required}", otherwise)
        if rule.because:
            table.add_row("", "", f"[dim]{rule.because}[/dim]", "")
    screen.print(table)
    needed = ", ".join(found.documentation.required) or "nothing"
    signed = ", ".join(a.role.value for a in found.approvals) or "nobody"
    screen.print(f"\nmust be declared: {needed}\nmust sign before promotion: {signed}")
    for family, reason in found.not_applicable.items():
        screen.print(f"not applicable: {family}: {reason.reason} ({reason.person})")


@policy.command("lint")
@click.argument("policy")
def lint(policy: str) -> None:
    """Check a policy: unknown words, missing families, wrong forms; names file, line and the nearest word."""
    from pathlib import Path

    from govern import project
    from govern.policy import load_policy
    from govern.project import find

    inside = find(Path.cwd()) is not None
    groups = frozenset(project.load().project.data.groups) if inside else None
    found = load_policy(policy, groups=groups)
    unreasoned = [r.id for r in found.checks if not r.because]
    click.echo(f"{found.id} {found.version}: {len(found.checks)} rules, no mistakes found")
    if groups is None:
        click.echo("groups were not checked: there is no govern.yaml here")
    if unreasoned:
        click.echo(f"no reason (`because:`) is given for: {', '.join(unreasoned)}")


@policy.command("explain")
@click.argument("policy")
def explain(policy: str) -> None:
    """Explain a policy in plain words: what is measured, for whom, what must hold, why, and what else happens."""
    from govern.cli.explanation import explanation
    from govern.policy import load_policy

    console().print(explanation(load_policy(policy, whole=False)))


@policy.command("freeze")
@click.option("--policy", help="A policy file or pack; else the project's own.")
def freeze(policy: str | None) -> None:
    """Enter the policy's digest in the signed log, before the test set is opened; a second time changes nothing."""
    from govern import project
    from govern.looks import freeze_policy
    from govern.policy import policy_of

    workspace = project.load()
    found = policy_of(workspace, policy)
    done = freeze_policy(workspace, found)
    screen = console()
    said = "frozen" if done.new else "was frozen already"
    screen.print(f"{found.id} {found.version} {said} at {done.entry.time} by {done.entry.actor}", markup=False)
    screen.print(f"sha256 {found.sha256}\nlog entry {done.entry.index}", markup=False)
    for role, sha256 in done.entry.body["datasets"].items():
        screen.print(f"{role} data {sha256}", markup=False)
    if Role.TEST.value not in done.entry.body["datasets"]:
        screen.print("no test set is declared, so it is frozen without one: any could be chosen afterwards")
    if done.replaced is not None:
        screen.print(f"it replaces other content of this policy, frozen at {done.replaced.time}", markup=False)
    if done.looked is not None:
        screen.print(
            f"the test set had been looked at before: at {done.looked.time} by {done.looked.actor}", markup=False
        )
