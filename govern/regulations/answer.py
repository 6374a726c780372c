"""One need of a clause with its state, and how states are put together: the worst first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from govern.regulations.model import Kind, State

#: The first of these that an answer has is the state of the whole.
_WORST = (State.FAIL, State.STALE, State.NOT_RUN, State.INCONCLUSIVE)
#: What a clause without any of those rests on: what was measured before what was signed before what was said.
_BEST = (State.PASS, State.SIGNED, State.DECLARED)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is known of one need: ``need`` is the id of a probe, fact or signature; ``why`` is one plain sentence.

    ``findings`` are the ids of the evidence's findings that say so; ``misses`` is the part of the question that a
    probe leaves open whatever its state.
    """

    kind: Kind
    need: str
    title: str
    state: State
    why: str
    findings: tuple[str, ...] = ()
    misses: str = ""


def combined(states: Iterable[State]) -> State:
    """Return the state of a whole: fail, stale, not run, inconclusive, then pass, signed, declared, not applicable.

    Nothing at all is not run.
    """
    found = set(states)
    if not found:
        return State.NOT_RUN
    return next((s for s in (*_WORST, *_BEST) if s in found), State.NOT_APPLICABLE)


def decisive(answers: Iterable[Answer]) -> tuple[Answer, ...]:
    """Return the answers whose state is that of the whole: those that say why."""
    listed = tuple(answers)
    state = combined(a.state for a in listed)
    return tuple(a for a in listed if a.state is state)
