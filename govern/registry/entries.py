"""What the registry itself enters in the log, where its process can sign: promotions and refusals."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from govern.project import Workspace

PROMOTION, REFUSAL = "promotion", "refusal"
#: In this time the same refusal is entered once, and no more than so many: anybody may ask a server.
_WHILE, _MOST = timedelta(hours=1), 100
#: No longer text of a request gets into the log.
_LONGEST = 500

_logger = logging.getLogger(__name__)


def promoted(workspace: Callable[[], Workspace], body: Mapping[str, Any]) -> None:
    """Enter a promotion.

    It is done, and was allowed: a server without a key must not call it failed. What the log does not have
    then, `govern registry reconcile` finds in the registry.
    """
    try:
        _append(workspace(), PROMOTION, body)
    except Exception as e:  # as above
        _logger.warning("the promotion of %s/%s is not in the log: %s", body["name"], body["version"], e)


def refused(workspace: Callable[[], Workspace], action: str, name: str, reason: str) -> None:
    """Enter a refusal in a log that is there, unless the same, or too many, were entered within the hour.

    The refusal stands whether or not it can be entered.
    """
    from govern.evidence.log import Log

    body = {"action": action, "name": name[:_LONGEST], "reason": reason[:_LONGEST]}
    try:
        here = workspace()
        log = Log(here.log)
        if not log.exists():
            return
        since = datetime.now(UTC) - _WHILE
        recent = [e.body for e in log.find(REFUSAL) if e.moment > since]
        if len(recent) < _MOST and body not in recent:
            _append(here, REFUSAL, body)
    except Exception as e:  # as above
        _logger.warning("the refusal of %s for %r is not in the log: %s", action, name, e)


def _append(workspace: Workspace, kind: str, body: Mapping[str, Any]) -> None:
    from govern.evidence.log import Log
    from govern.signing import identity

    signer = identity.load(workspace.keys, workspace.project.identity)
    Log(workspace.log).append(kind, body, identity=signer)
