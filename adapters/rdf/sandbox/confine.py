"""What a job of the sandbox gives up before it touches what came over the network: time, memory, files, network, other processes.

Rules of this file:

1. It must hold without any privilege: limits of the process itself, and a filter of system calls that a process sets for itself. The
   filter lists what is allowed: a call that nobody thought of is refused.
2. No limit can be raised again by the job.
3. Where the system has no such filter, the limit of open files alone keeps it from opening a file or a socket: no number is left for one.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys
from pathlib import Path

_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER, _DEATH_SIGNAL = 38, 22, 2, 1
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Which column of the tables is a machine's, and the kernel's number for its architecture."""
_ALLOWED = {
    # what it may do with what is open already: its orders, its answer
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "close": (3, 57),
    # memory of its own
    "brk": (12, 214),
    "mmap": (9, 222),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "mprotect": (10, 226),
    "madvise": (28, 233),
    # itself: its lock words, its signals, its number, its processors
    "futex": (202, 98),
    "rseq": (334, 293),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "getcpu": (309, 168),
    # chance and time
    "getrandom": (318, 278),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "gettimeofday": (96, 169),
    "nanosleep": (35, 101),
    # its end
    "exit": (60, 93),
    "exit_group": (231, 94),
}
"""The system calls of a job, with their numbers on each machine; any other fails with EPERM."""
_ALLOWED_ON_ITSELF = {"tgkill": (234, 131), "tkill": (200, 130)}
"""Allowed where the first argument is the job itself: so a process aborts, which tells that memory ran out."""


def die_with_parent(parent: int) -> None:
    """End when the process that started this one ends, however it ends, and at once if it has (Linux; elsewhere the closed pipe tells)."""
    _prctl(_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def confine(cpu_s: int, memory_bytes: int) -> None:
    """Take everything away that parsing and querying do not need. Called once in each job, after its last file is open."""
    if sys.platform == "linux":
        size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        _limit(resource.RLIMIT_AS, size + memory_bytes)
    _limit(resource.RLIMIT_CPU, cpu_s)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, 0)
    _filter_system_calls()


def _limit(which: int, most: int) -> None:
    hard = resource.getrlimit(which)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(which, (most, most))


def _prctl(option: int, first: int, second: object = 0) -> bool:
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(option, ctypes.c_ulong(first), second, ctypes.c_ulong(0), ctypes.c_ulong(0)) == 0)


def _filter_system_calls() -> bool:
    """Whether the filter is set. A call of another architecture than this one ends the process."""
    if platform.machine() not in _MACHINES or sys.platform != "linux":
        return False
    column, architecture = _MACHINES[platform.machine()]
    rows = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    for numbers in _ALLOWED.values():
        rows += [(_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, _ALLOW)]
    for numbers in _ALLOWED_ON_ITSELF.values():
        rows += [(_EQUAL, 0, 4, numbers[column]), (_LOAD, 0, 0, 16), (_EQUAL, 0, 1, os.getpid()), (_RETURN, 0, 0, _ALLOW)]
        rows += [(_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    rows += [(_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    code = b"".join(struct.pack("=HBBI", *row) for row in rows)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(rows), ctypes.addressof(buffer))
    holder = ctypes.create_string_buffer(program, len(program))
    return _prctl(_NO_NEW_PRIVILEGES, 1) and _prctl(_SECCOMP, _FILTER, ctypes.cast(holder, ctypes.c_void_p))
