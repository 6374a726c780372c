"""How the registry says no: HTTP 403 with the reason and the proper way, whatever went wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from govern.errors import GovernError

_logger = logging.getLogger(__name__)


@contextmanager
def refusing(action: str, name: str, enter: Callable[[str, str, str], None]) -> Iterator[None]:
    """Turn every exception into a refusal of ``action`` on the registered model ``name``.

    Args:
        action: what was asked for.
        name: of the registered model.
        enter: is told action, name and reason of a refusal before it is raised, and raises nothing.

    Raises:
        MlflowException: with the code ``PERMISSION_DENIED``.
    """
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import PERMISSION_DENIED

    try:
        yield
    except GovernError as e:
        reason = e.message
    except MlflowException as e:
        reason = str(e.message)
    except Exception as e:  # a guard that crashed has shown nothing
        _logger.exception("the check of %s for %r crashed", action, name)
        reason = f"the evidence could not be checked ({type(e).__name__})"
    else:
        return
    enter(action, name, reason)
    raise MlflowException(
        f"govern refuses {action} for {name!r}: {reason}. A model is registered through the gate: "
        f"`govern register MODEL_URI --name NAME --policy P`.",
        error_code=PERMISSION_DENIED,
    )
