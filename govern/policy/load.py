"""From YAML files to one resolved policy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern import canonical, strict_yaml
from govern.errors import InputError, PolicyError
from govern.policy.lint import check_groups, check_order, check_task, check_words
from govern.policy.model import Policy
from govern.resources import shared
from govern.strict_yaml import Document, nearest
from govern.types import Severity

if TYPE_CHECKING:
    from govern.project import Workspace


def packs() -> dict[str, Path]:
    """Return the policies that come with govern: name to file."""
    root = shared("policies")
    files = (p for p in root.rglob("*.yaml") if p.relative_to(root).parts[0] != "regulations")
    return {p.relative_to(root).with_suffix("").as_posix(): p for p in sorted(files)}


def load_policy(source: str | Path, *, groups: frozenset[str] | None = None, whole: bool = True) -> Policy:
    """Return the policy in a file, or the pack of that name, with what it extends merged in.

    ``groups`` are the attributes that the project can slice by; ``None`` leaves them unchecked. With ``whole`` false
    a pack may leave mandatory families open: it is there to be extended, and does not judge as it is.

    Raises:
        InputError: no such file or pack.
        PolicyError: an unknown key, check, parameter, group, operator, control or a mandatory
            family without a blocking check; names file, line and the nearest valid word.
    """
    path = Path(source)
    if not path.is_file():
        known = packs()
        if str(source) not in known:
            raise InputError(f"no policy file or pack {str(source)!r}", hint=nearest(str(source), known))
        path = known[str(source)]
    document = strict_yaml.read(path)
    policy = _resolve(document, groups, ())
    check_task(policy, document)
    check_order(policy, document)
    if groups is not None:
        check_groups(policy, document, groups)
    if whole and (missing := policy.missing_families()):
        raise PolicyError(
            f"{path}:1: no blocking check in the mandatory {'families' if len(missing) > 1 else 'family'} "
            f"{', '.join(missing)}",
            hint=f"add one, or name the family under `not_applicable:` with a reason and a person ({missing[0]}: "
            "{reason: ..., person: ...})",
        )
    blocking = [rule.check for rule in policy.checks if rule.severity is Severity.BLOCK]
    if not blocking:
        raise PolicyError(f"{path}:1: no rule that blocks, so nothing would be refused", hint="add a check")
    if policy.documentation.required and "documentation.completeness" not in blocking:
        raise document.error(
            ("documentation",),
            "facts are required, but no blocking rule measures documentation.completeness",
            hint='add {id: facts-declared, check: documentation.completeness, accept: {estimate: ">= 1"}}',
        )
    return policy


def policy_of(workspace: Workspace, source: str | Path | None = None) -> Policy:
    """Return the named policy (a path as given, or relative to the project, or a pack), else the project's own.

    Raises:
        InputError, PolicyError: as :func:`load_policy`.
    """
    chosen = source or workspace.project.policy
    inside = workspace.root / chosen
    groups = frozenset(workspace.project.data.groups)
    return load_policy(inside if not Path(chosen).is_file() and inside.is_file() else chosen, groups=groups)


def from_json(value: Mapping[str, Any]) -> Policy:
    """Return the policy that :meth:`Policy.as_json` wrote.

    Raises:
        PolicyError: it has another form, or its digest is not that of its content.
    """
    import pydantic

    body = {k: v for k, v in value.items() if k != "sha256"}
    try:
        policy = Policy.model_validate(body)
    except pydantic.ValidationError as e:
        raise PolicyError(f"the recorded policy cannot be read: {e.errors()[0]['msg']}") from None
    if canonical.digest(body) != value.get("sha256"):  # of what was written, whatever keys a policy has had since
        raise PolicyError("the recorded policy does not have the digest that it states")
    return policy


def _resolve(document: Document, groups: frozenset[str] | None, seen: tuple[Path, ...]) -> Policy:
    path = document.path
    if path.resolve() in seen:
        raise document.error(("extends",), "a policy cannot extend itself")
    policy = strict_yaml.build(Policy, document)
    check_words(policy, document, groups)
    merged: dict[str, Any] = {}
    for i, name in enumerate(policy.extends):
        base = _resolve(strict_yaml.read(_find(name, path, document, i)), None, (*seen, path.resolve()))
        merged = _merge(merged, base.model_dump(by_alias=True))
    if not policy.extends:
        return policy
    return strict_yaml.build(Policy, document, _merge(merged, policy.model_dump(by_alias=True, exclude_unset=True)))


def _find(name: str, path: Path, document: Document, index: int) -> Path:
    """Return a base policy: a file beside this one, or a pack."""
    beside = path.parent / (name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    if beside.is_file():
        return beside
    known = packs()
    if name not in known:
        raise document.error(("extends", index), f"no policy {name!r} to extend", hint=nearest(name, known))
    return known[name]


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return ``base`` overlaid by ``over``: rules by id, requirements, terms and reasons by key, the rest replaced.

    Required documents and approvals add up, so that extending can never ask for less of them.
    """
    merged = {**base, **over}
    merged["not_applicable"] = {**base.get("not_applicable", {}), **over.get("not_applicable", {})}
    needed, more = base.get("data", {}), over.get("data", {})
    merged["data"] = {role: {**needed.get(role, {}), **more.get(role, {})} for role in {**needed, **more}}
    for terms in ("waivers", "evidence"):
        merged[terms] = {**base.get(terms, {}), **over.get(terms, {})}
    rules = {r["id"]: r for r in base.get("checks", [])}
    rules.update({r["id"]: r for r in over.get("checks", [])})
    merged["checks"] = list(rules.values())
    merged["approvals"] = _union(base.get("approvals", []), over.get("approvals", []))
    required = (p.get("documentation", {}).get("required", []) for p in (base, over))
    merged["documentation"] = {"required": _union(*required)}
    return merged


def _union(first: list[Any], second: list[Any]) -> list[Any]:
    return [*first, *(x for x in second if x not in first)]
