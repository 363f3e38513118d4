"""What a job of the sandbox gives up before it touches what came over the network: time, memory, files, network, other processes.

Rules of this file:

1. It must hold without any privilege: limits of the process itself, and a system call filter that a process sets for itself.
2. No limit can be raised again by the job.
3. Where the system has no such filter, the limit of open files alone keeps it from opening a file or a socket: no number is left for one.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import resource
import signal
import struct
import sys
from pathlib import Path

_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER, _DEATH_SIGNAL = 38, 22, 2, 1
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_ARCHITECTURES: dict[str, tuple[int, tuple[int, ...]]] = {
    # audit number; network, processes, files, the kernel's other doors (numbers of Linux's system call tables)
    "x86_64": (
        0xC000003E,
        (
            *(41, 42, 43, 44, 46, 49, 50, 53, 288, 307),  # socket connect accept sendto sendmsg bind listen socketpair accept4 sendmmsg
            *(56, 57, 58, 59, 62, 101, 322, 424, 434, 435, 438),  # clone fork vfork execve kill ptrace execveat pidfd_* clone3
            *(
                2,
                85,
                257,
                437,
                304,
                319,
                82,
                83,
                84,
                87,
                88,
            ),  # open creat openat openat2 open_by_handle memfd rename mkdir rmdir unlink symlink
            *(
                165,
                248,
                250,
                272,
                298,
                308,
                310,
                311,
                321,
                323,
                425,
            ),  # mount add_key keyctl unshare perf setns process_vm_* bpf uffd io_uring
        ),
    ),
    "aarch64": (
        0xC00000B7,
        (
            *(198, 199, 200, 201, 202, 203, 206, 211, 242, 269),
            *(220, 221, 129, 117, 281, 424, 434, 435, 438),
            *(56, 437, 265, 279, 38, 34, 35, 36),
            *(40, 217, 219, 97, 241, 268, 270, 271, 280, 282, 425),
        ),
    ),
}


def die_with_parent() -> None:
    """End when the process that started this one ends, however it ends (Linux; elsewhere the closed pipe tells)."""
    _prctl(_DEATH_SIGNAL, signal.SIGKILL)


def confine(cpu_s: int, memory_bytes: int) -> None:
    """Take everything away that parsing and querying do not need. Called once in each job, after its last file is open."""
    if sys.platform == "linux":
        size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        _limit(resource.RLIMIT_AS, size + memory_bytes)
    _limit(resource.RLIMIT_CPU, cpu_s)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _filter_system_calls()
    _limit(resource.RLIMIT_NOFILE, 0)


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
    """Whether the filter is set: calls of the table fail with EPERM, those of another architecture end the process."""
    known = _ARCHITECTURES.get(platform.machine())
    if known is None or sys.platform != "linux":
        return False
    architecture, denied = known
    rows = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0), (_AT_LEAST, 0, 1, 0x40000000)]
    rows += [(_RETURN, 0, 0, _KILL)]  # the x32 numbers of the same calls
    rows += [(_EQUAL, len(denied) - at, 0, number) for at, number in enumerate(denied)]
    rows += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    code = b"".join(struct.pack("=HBBI", *row) for row in rows)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(rows), ctypes.addressof(buffer))
    holder = ctypes.create_string_buffer(program, len(program))
    return _prctl(_NO_NEW_PRIVILEGES, 1) and _prctl(_SECCOMP, _FILTER, ctypes.cast(holder, ctypes.c_void_p))
