"""Reading in a process of its own with limits: a file that eats memory or hangs harms its source alone.

A lean process that has the readers imported forks a worker for each file, so a file costs a fork and no imports. It
is started with the first file and ends with the process that started it. Chunks come back pickled.
"""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from data_adapters.readers.reader import Chunk, SourceError

_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading a file may take: memory beyond what an idle worker has, the largest file written, and time.

    ``wait_s`` counts only while a chunk is being made, not while the one before is being stored.
    """

    memory_mb: int
    cpu_s: int
    wait_s: int
    written_mb: int = 256


def limits_of(size_bytes: int) -> Limits:
    """The limits for a file of that size."""
    size_mb = -(-size_bytes // _MB)
    cpu_s = 60 + 3 * size_mb
    return Limits(memory_mb=max(512, 12 * size_mb), cpu_s=cpu_s, wait_s=5 * cpu_s)


def read_confined(
    read: Callable[..., Iterator[Chunk]], path: Path, *arguments: Any, limits: Limits | None = None
) -> Iterator[Chunk]:
    """The chunks of ``read(path, *arguments)``, read by a worker; `read` is a function of a module.

    What `read` raises is raised here. Raises `SourceError` with ``too_costly`` where it goes beyond its `limits`
    and ``reader_died`` where it ends without a word.
    """
    limits = limits or limits_of(path.stat().st_size)
    with tempfile.TemporaryDirectory(prefix="yiping-") as folder:  # here, since a worker may be killed
        data, status = _LEAN.fork()
        with data, status:
            try:
                data.send((sys.path, folder))
                data.send((read, path.absolute(), arguments, limits))
            except ConnectionError:
                raise _end_of(status.recv(16), path.name, limits) from None
            while (told := _told(data, status, path.name, limits)) is not None:
                if isinstance(told, Exception):
                    raise told
                yield told


def _told(data: Connection, status: socket.socket, shown: str, limits: Limits) -> Chunk | Exception | None:
    """A chunk, what the reader raised, or None at the end. Raises `SourceError` where the worker is gone."""
    try:
        told: Chunk | Exception | None = data.recv()
    except (EOFError, OSError):
        raise _end_of(status.recv(16), shown, limits) from None
    if isinstance(told, MemoryError):
        return SourceError(
            f"{shown}：读它要用的内存超过 {limits.memory_mb:,} MB，请拆成几个文件或改用 CSV", "too_costly"
        )
    return told


def _end_of(told: bytes, shown: str, limits: Limits) -> SourceError:
    """What a worker that ended without a word ended of."""
    code = int(told or b"1")
    if code == -signal.SIGXCPU:
        return SourceError(
            f"{shown}：读它用了 {limits.cpu_s:,} 秒处理器时间还没读完，请拆成几个文件或改用 CSV", "too_costly"
        )
    if code == -signal.SIGALRM:
        return SourceError(
            f"{shown}：等了 {limits.wait_s:,} 秒还没读完，请检查文件所在的磁盘，或拆成几个文件", "too_costly"
        )
    return SourceError(
        f"{shown}：读它的进程{ended(code)}，文件可能已损坏或太大，请重新导出，或拆成几个文件", "reader_died"
    )


def ended(code: int) -> str:
    """How a process ended that gave this exit code, as `os.waitstatus_to_exitcode` tells it."""
    return f"被信号 {signal.Signals(-code).name} 结束" if code < 0 else f"以 {code} 结束"


class _Lean:
    """The lean process of this one, from the first file on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def fork(self) -> tuple[Connection, socket.socket]:
        """A new worker: where it takes its job and sends chunks, and where its exit code arrives."""
        data, data_there = socket.socketpair()
        status, status_there = socket.socketpair()
        with data_there, status_there, self._lock:
            control = self._control
            if control is None or self._process is None or self._process.poll() is not None:
                control = self._start()
            socket.send_fds(control, [b"f"], [data_there.fileno(), status_there.fileno()])
        return Connection(data.detach()), status

    def _start(self) -> socket.socket:
        self.end()
        control, there = socket.socketpair()
        program = (
            f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import serve; serve({there.fileno()})"
        )
        with there:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", program],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[there.fileno()],
                start_new_session=True,  # Ctrl-C is for the process that asked
            )
        self._control = control
        atexit.unregister(self.end)
        atexit.register(self.end)
        return control

    def end(self) -> None:
        """Let it go: it ends where nobody holds the other end."""
        if self._control is not None and self._process is not None:
            self._control.close()
            self._process.wait()


_LEAN = _Lean()


def serve(control_fd: int) -> None:
    """The lean process: a worker for each pair of sockets that comes, until the other end closes."""
    import data_adapters.readers.file  # noqa: F401, PLC0415 (it imports this module; workers find it imported)

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control = socket.socket(fileno=control_fd)
    while True:
        _, fds, _, _ = socket.recv_fds(control, 1, 2)
        if not fds:
            return
        if os.fork() == 0:
            control.close()
            _watch(*fds)
        for fd in fds:
            os.close(fd)


def _watch(data_fd: int, status_fd: int) -> None:
    """Start the worker, tell how it ended, and end it where nobody waits for it any more. Does not return."""
    import select  # noqa: PLC0415

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    worker = os.fork()
    if worker == 0:
        os.close(status_fd)
        _work(data_fd)
    ended = os.pidfd_open(worker)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(status_fd, 0)  # hang-up alone
    if ended not in dict(poll.poll()):
        os.kill(worker, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
    # Before the data's end, which the other side sees only once this process has closed it too.
    with suppress(OSError):
        os.write(status_fd, str(code).encode())
    os._exit(0)


def _work(data_fd: int) -> None:
    """The worker: read, within limits. Does not return."""
    code = 1
    try:
        data = Connection(data_fd)
        sys.path[:], tempfile.tempdir = data.recv()
        read, path, arguments, limits = data.recv()
        _confine(limits)
        _send(data, read, path, arguments, limits)
        code = 0
    except BrokenPipeError:
        code = 0  # nobody reads on
    finally:
        os._exit(code)


def _send(
    data: Connection,
    read: Callable[..., Iterator[Chunk]],
    path: Path,
    arguments: tuple[Any, ...],
    limits: Limits,
) -> None:
    left_s = float(limits.wait_s)
    told: Exception | None
    try:
        signal.setitimer(signal.ITIMER_REAL, left_s)
        for chunk in read(path, *arguments):
            left_s = max(signal.setitimer(signal.ITIMER_REAL, 0)[0], 0.001)
            data.send(chunk)
            signal.setitimer(signal.ITIMER_REAL, left_s)
        told = None
    except BrokenPipeError:
        raise
    except Exception as error:
        told = error.with_traceback(None)  # and with it what the reader held
    signal.setitimer(signal.ITIMER_REAL, 0)
    data.send(MemoryError() if isinstance(told, MemoryError) else told)


def _confine(limits: Limits) -> None:
    import resource  # noqa: PLC0415

    import pyarrow as pa  # noqa: PLC0415

    # Threads and pools that reserve address space by the gigabyte would make the limit a matter of the machine.
    pa.set_cpu_count(1)
    pa.set_io_thread_count(2)
    pa.set_memory_pool(pa.system_memory_pool())
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    size = pages * resource.getpagesize() + limits.memory_mb * _MB
    for kind, soft, spare in (
        (resource.RLIMIT_AS, size, 0),
        (resource.RLIMIT_CPU, limits.cpu_s, 5),  # at the hard limit there is no saying why
        (resource.RLIMIT_FSIZE, limits.written_mb * _MB, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        _, most = resource.getrlimit(kind)
        bound = sys.maxsize if most == resource.RLIM_INFINITY else most
        resource.setrlimit(kind, (min(soft, bound), min(soft + spare, bound)))
