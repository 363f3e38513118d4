"""The keeper of the sandbox and its jobs: `python -m adapters.rdf.sandbox.keeper FD`. Rules stand in `adapters.rdf.sandbox.door`."""

from __future__ import annotations

import gc
import os
import signal
import socket
import struct
import sys
from typing import Any

import pyoxigraph as ox

from adapters.rdf.sandbox.confine import confine, die_with_parent
from adapters.rdf.sandbox.frames import Broken, read_message, write_message
from adapters.rdf.sandbox.jobs import JOBS, Told, warm

_PID = struct.Struct(">q")
_DONE = _PID.pack(0)


def main(fd: int) -> None:
    """Serve the control socket until it closes: that, and no signal, ends the keeper with the service. The kernel's death signal would come
    with the end of the *thread* that started the keeper, and a server's idle threads end within seconds."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # where it was ignored, jobs would be let go of before they are waited for
    control = socket.socket(fileno=fd)
    keeper, jobs, store = os.getpid(), set[int](), ox.Store()
    warm(store)
    gc.collect()
    gc.freeze()  # what is here stays, and is shared by every job
    control.sendall(_DONE)
    while True:
        act, fds, _, _ = socket.recv_fds(control, 1, 1)
        if act == b"F":
            pid = os.fork()
            if pid == 0:
                control.close()
                _job(fds[0], store, keeper)
            os.close(fds[0])
            jobs.add(pid)
            control.sendall(_PID.pack(pid))
        elif act == b"W":
            pid = _PID.unpack(control.recv(_PID.size, socket.MSG_WAITALL))[0]
            control.sendall(_PID.pack(_ended(pid) if pid in jobs else 0))
            jobs.discard(pid)
        elif act == b"c":
            store = ox.Store()
            control.sendall(_DONE)
        elif act in (b"a", b"r"):
            _, quads = read_message(control.fileno())
            if act == b"a":
                store.bulk_extend(ox.parse(quads, format=ox.RdfFormat.N_QUADS, lenient=True))
            else:
                for quad in ox.parse(quads, format=ox.RdfFormat.N_QUADS, lenient=True):
                    store.remove(quad)
            control.sendall(_DONE)
        else:
            return


def _ended(pid: int) -> int:
    """The status of a job that has not been waited for, so that its number is still its own; ended where it still runs."""
    os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


def _job(fd: int, store: ox.Store, keeper: int) -> None:
    """One job, from its orders to the end of its process."""
    try:
        die_with_parent(keeper)
        header, blob = read_message(fd)
        confine(int(header["cpu_s"]), int(header["memory"]))
        write_message(fd, *_done(header, blob, store))
        os._exit(0)
    except Broken:
        os._exit(1)
    except BaseException:
        os._exit(2)


def _done(header: dict[str, Any], blob: bytes, store: ox.Store) -> tuple[dict[str, Any], bytes]:
    try:
        return {}, JOBS[header["job"]](header, blob, store)
    except Told as told:
        return {"told": told.facts}, b""
    except MemoryError:
        return {"told": {"what": "memory"}}, b""
    except RecursionError:
        return {"told": {"what": "depth"}}, b""


if __name__ == "__main__":
    main(int(sys.argv[1]))
