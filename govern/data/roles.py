"""The role of a data file, written into ``govern.yaml`` without disturbing what people wrote there."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from govern import project
from govern.files import replace

if TYPE_CHECKING:
    from govern.project import Workspace
    from govern.types import Role


def declare(workspace: Workspace, role: Role, path: str) -> None:
    """Write ``path`` as the file in ``role`` and read the project again; an equal entry is left untouched.

    Raises:
        InputError: the project file cannot be written.
        PolicyError: the project file is not valid.
    """
    file = workspace.root / project.FILE
    current = project.load(workspace.root).project
    if current.data.roles.get(role) != path:
        replace(file, _with_role(file.read_text(encoding="utf-8"), role.value, path).encode())
        current = project.load(workspace.root).project
    workspace.project = current


def _with_role(text: str, role: str, path: str) -> str:
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.util import load_yaml_guess_indent

    _, sequence, offset = load_yaml_guess_indent(text)
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    document = yaml.load(text)
    data = document["data"]
    yaml.indent(mapping=max(data.lc.col, 2), sequence=sequence, offset=offset)
    roles = data.get("roles")
    if roles:
        if role not in roles:
            _make_room(roles, role)
        roles[role] = path
    else:
        # First, so that comments behind the last key stay where they are.
        data.pop("roles", None)
        data.insert(0, "roles", CommentedMap({role: path}))
    stream = io.StringIO()
    yaml.dump(document, stream)
    return stream.getvalue()


def _make_room(roles: Any, role: str) -> None:
    """Let the lines below the last role (blank, comments of the next section) follow the new one instead."""
    from ruamel.yaml.tokens import CommentToken

    tokens = roles.ca.items.get(list(roles)[-1])
    comment = tokens[2] if tokens else None
    if comment is None:
        return
    line, _, below = comment.value.partition("\n")
    if below:
        comment.value = f"{line}\n"
        roles.ca.items[role] = [None, None, CommentToken(f"\n{below}", comment.start_mark, None), None]
