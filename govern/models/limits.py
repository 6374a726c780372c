"""What the process that runs a model may use: memory, processor time, no network."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from govern.errors import PolicyError

#: Seconds for loading, and for each batch of rows; gibibytes of address space.
SECONDS, GIB = "GOVERN_MODEL_SECONDS", "GOVERN_MODEL_GIB"
#: Address space that Python and MLflow's libraries take before there is a model.
_LEAST_GIB = 8
_DEFAULT_SECONDS = 600
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000  # CLONE_NEWUSER, CLONE_NEWNET of unshare(2)
_SET_FLAGS, _UP = 0x8914, 0x1  # SIOCSIFFLAGS, IFF_UP of netdevice(7)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long a model may take for one answer, and how much address space its process may have."""

    seconds: int
    gib: int


def limits(environment: Mapping[str, str]) -> Limits:
    """Return the limits: ten minutes and the machine's memory (8 GiB at least), or what the environment says.

    Raises:
        PolicyError: what it says is no whole number above 0.
    """
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Limits(
        seconds=_whole(environment, SECONDS, _DEFAULT_SECONDS),
        gib=_whole(environment, GIB, max(_LEAST_GIB, pages >> 30)),
    )


def _whole(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise PolicyError(f"{name} is {text!r}; a whole number above 0 was expected", hint=f"unset {name}")
    return int(text)


def confine(granted: Limits) -> None:
    """Confine this process: its address space, no core dumps and, where the system lets it, no network.

    Cutting the network needs user namespaces (Linux); where they are not allowed, the network stays.
    """
    space = granted.gib << 30
    for what, most in ((resource.RLIMIT_AS, space), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):  # a lower limit stands already, or the system has none
            resource.setrlimit(what, (most, most))
    with contextlib.suppress(OSError, AttributeError):
        _cut_network()


def allow_processor(granted: Limits) -> None:
    """Let this process use each processor for as long as an answer may take, from now on, and be killed after it.

    Whoever waits for the answer ends it sooner; this ends it also when nobody waits any more.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    more = granted.seconds * (os.cpu_count() or 1) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + more, hard))


def _cut_network() -> None:
    """Move to a network namespace of its own, which has but a loopback interface, as the same user as before."""
    import ctypes

    user, group = os.getuid(), os.getgid()
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_USER | _NEW_NETWORK):
        raise OSError(ctypes.get_errno(), "unshare")
    for file, line in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path(f"/proc/self/{file}").write_text(line, encoding="ascii")
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh22x", b"lo", _UP))
