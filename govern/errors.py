"""Errors that a person can act on: what was found, what was expected, what to do."""

from __future__ import annotations


class GovernError(Exception):
    """Something the user can mend. ``hint`` says how; ``exit_code`` is the process's exit status."""

    exit_code = 70

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class PolicyError(GovernError):
    """The policy, the project file or the command line is wrong (exit 2)."""

    exit_code = 2


class InputError(GovernError):
    """Data or a model is bad or missing (exit 3)."""

    exit_code = 3


class UnavailableError(InputError):
    """What a check asks for is not there in this run; the finding is ``not_available`` and does not pass."""


class SigningError(InputError):
    """A key or certificate is missing, unreadable or not what it should be (exit 3)."""


class ServiceError(GovernError):
    """An external service (registry, time-stamp authority, DVC remote) failed (exit 4)."""

    exit_code = 4
