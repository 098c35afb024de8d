"""A second process of ours, spoken to over pipes and never waited for in vain.

Not by `multiprocessing`: its way to start one imports the caller's main module again, which a library must not ask
for. Here a fresh interpreter is given our own search path and the name of one function.
"""

from __future__ import annotations

import json
import os
import select
import signal
import struct
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import IO, Any, Final, Self

from affidavit import errors
from affidavit.errors import AffidavitError, StorageError

READY_S: Final = 30.0
"""So long a second process may take to begin; a machine on which it takes longer has no use for one."""
LISTEN_S: Final = 1.0
STOP_S: Final = 10.0
MESSAGE_BYTES_MAX: Final = 1 << 20
_LENGTH: Final = struct.Struct(">I")
_BEGIN: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from affidavit.verify.second import main; main()"
)
_READY: Final = {"ready": True}


def possible() -> bool:
    """Whether there is a second core to use, and an interpreter to start."""
    return os.name == "posix" and bool(sys.executable) and (os.cpu_count() or 1) > 1


class Second:
    """A process running `module:function(arguments, source, tell)`. A context manager: it ends with the block.

    `source` is what is written to `inlet`; `tell(message)` gives a JSON object to `hear`. What the function raises
    `hear` raises here. `descriptors` are open files that it may use under the same numbers.
    Raises OSError where no process can be started.
    """

    def __init__(self, function: str, arguments: Sequence[str] = (), descriptors: Sequence[int] = ()) -> None:
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter and our own code
            [sys.executable, "-c", _BEGIN, json.dumps(sys.path), function, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=tuple(descriptors),
        )
        self._ready = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def inlet(self) -> IO[bytes]:
        """What the function reads. Blocks while it is behind; BrokenPipeError where it is gone."""
        return _open(self._process.stdin)

    def ready(self, timeout_s: float = READY_S) -> bool:
        """Whether it has begun, waiting at most so long."""
        if not self._ready and select.select([_open(self._process.stdout)], [], [], timeout_s)[0]:
            try:
                self._ready = self.hear() == _READY
            except AffidavitError:
                return False
        return self._ready

    def hear(self) -> dict[str, Any]:
        """The next message. Raises what the function raised; StorageError where it died."""
        length = _LENGTH.unpack(self._take(_LENGTH.size))[0]
        if length > MESSAGE_BYTES_MAX:
            raise _died()  # whatever speaks there is not ours
        message: dict[str, Any] = json.loads(self._take(length))
        if "error" in message:
            raise _error(message)
        return message

    def _take(self, size: int) -> bytes:
        """Exactly so many bytes. Looks after the process meanwhile: another one may hold its pipe open."""
        source, data = _open(self._process.stdout).fileno(), b""
        while len(data) < size:
            if not select.select([source], [], [], LISTEN_S)[0]:
                if self._process.poll() is not None:
                    raise _died()
                continue
            piece = os.read(source, size - len(data))
            if not piece:
                raise _died()
            data += piece
        return data

    def stop(self) -> None:
        """End it, however far it came."""
        process = self._process
        if process.poll() is None:
            process.kill()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):  # what was still to be written has no reader
                _open(pipe).close()
        process.wait(STOP_S)


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise StorageError("the second process has no pipes", "Use one process")
    return pipe


def _died() -> StorageError:
    return StorageError("the second process ended too early", "Try again, or use one process")


def _error(message: dict[str, Any]) -> Exception:
    """What was raised there, as far as it has a class of ours."""
    name, words = message["error"], message["message"]
    if name == "OSError":
        return OSError(message["errno"], words)
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, AffidavitError) and kind is not errors.MissingExtra:
        return kind(words, message["hint"])
    return AffidavitError(f"the second process failed: {name}: {words}")


def main() -> None:
    """What the second process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it says when to stop
    _, name, *arguments = sys.argv[1:]
    out = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nobody's print gets between the messages

    def tell(message: dict[str, Any]) -> None:
        data = json.dumps(message).encode()
        _write(out, _LENGTH.pack(len(data)) + data)

    try:
        module, _, function = name.partition(":")
        run = getattr(import_module(module), function)
        tell(_READY)
        run(arguments, sys.stdin.buffer, tell)
    except BrokenPipeError:
        pass  # nobody listens any more
    except Exception as error:  # noqa: BLE001  whatever it is, it is for the other side to say
        with suppress(OSError):  # nobody listens any more
            tell(_told(error))
    os._exit(0)  # at once: threads of its own may wait for a pipe


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _told(error: Exception) -> dict[str, Any]:
    if isinstance(error, AffidavitError):
        return {"error": type(error).__name__, "message": error.message, "hint": error.hint}
    if isinstance(error, OSError):
        return {"error": "OSError", "message": error.strerror or str(error), "errno": error.errno or 0}
    return {"error": type(error).__name__, "message": str(error)}
