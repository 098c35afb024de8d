"""The service: events by HTTP beside their load generator, and searches over a stored log."""

from __future__ import annotations

import asyncio
import http.client
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit

from affidavit.log.audit_log import AuditLog
from bench.events import COMMON, lines, write_lines
from bench.figures import Row, Sizes, in_process

TITLE: Final = "The service"
BATCH: Final = 1_000
CONNECTIONS: Final = 64
BATCHES_AT_ONCE: Final = 2
PATH: Final = "/api/v1/events"
STORED_MAX: Final = 1_048_076
SEARCHES: Final[tuple[dict[str, str], ...]] = (
    {},
    {"q": f"action:{COMMON}"},
    {"q": "actor:user:u17"},
    {"q": "action:grade.* -outcome:failure"},
    {"q": "action:role.granted", "from": "2026-01-02", "to": "2026-01-09"},
    {"q": "outcome:failure", "order": "oldest"},
)
"""What an officer asks for; each is one page of fifty."""


def measure(sizes: Sizes) -> list[Row]:
    """All rows of the subject. Each part has a server of its own, as `affidavit serve` starts it."""
    with tempfile.TemporaryDirectory(prefix="affidavit-bench-") as folder:
        return [*_ingest(Path(folder), sizes), *_search(Path(folder), sizes)]


@contextmanager
def _served(home: Path) -> Iterator[str]:
    """The address of a server over `home`; it is ended with the block."""
    AuditLog.open(home).close()
    program = "from affidavit.cli import main; main()"
    command = [sys.executable, "-c", program, "serve", "--home", str(home), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            line = server.stdout.readline() if server.stdout else ""
            yield line.removeprefix("listening on ").strip()
        finally:
            server.terminate()


def _ingest(folder: Path, sizes: Sizes) -> list[Row]:
    raw = lines(sizes.events)
    bodies = [b"[" + b",".join(raw[at : at + BATCH]) + b"]" for at in range(0, len(raw), BATCH)]
    single = raw[: max(CONNECTIONS, sizes.calls)]
    with _served(folder / "batches") as address:
        batch_s = asyncio.run(_send(address, bodies, BATCHES_AT_ONCE))
    with _served(folder / "singles") as address:
        single_s = asyncio.run(_send(address, single, CONNECTIONS))
    return [
        Row("Batches of 1,000 over HTTP, durable on SQLite", len(raw) / batch_s, "events/s", low=8_000),
        Row(f"Single events from {CONNECTIONS} connections", len(single) / single_s, "events/s", low=2_000),
    ]


async def _send(address: str, bodies: Sequence[bytes], connections: int) -> float:
    """POST all bodies over so many connections at once; seconds. Every answer must be a 2xx."""
    waiting = iter(bodies)
    found = urlsplit(address)

    async def client() -> None:
        reader, writer = await asyncio.open_connection(found.hostname, found.port)
        for body in waiting:
            head = f"POST {PATH} HTTP/1.1\r\nHost: {found.netloc}\r\nContent-Type: application/json\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 2"):
                raise SystemExit(f"refused: {answer.decode()}")
            length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.partition(b":")[2]))
        writer.close()

    begin = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(connections)))
    return time.perf_counter() - begin


def _search(folder: Path, sizes: Sizes) -> list[Row]:
    """Searches one after another, over a log whose tail is almost a segment; each is itself recorded."""
    count = min(sizes.stored, STORED_MAX)
    file, home = folder / "events.jsonl", folder / "stored"
    write_lines(file, count)
    in_process("ingest:import_file", home=str(home), file=str(file))
    in_process("stored:seal_until", home=str(home), size=count)
    file.unlink()
    took: list[float] = []
    with _served(home) as address:
        connection = http.client.HTTPConnection(urlsplit(address).netloc)
        for number in range(len(SEARCHES) * (1 + sizes.repeats * 10)):
            begin = time.perf_counter()
            connection.request("GET", f"{PATH}?{urlencode(SEARCHES[number % len(SEARCHES)])}")
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise SystemExit(f"refused: {body.decode()}")
            if number >= len(SEARCHES):  # the first of each finds nothing warm
                took.append((time.perf_counter() - begin) * 1000)
        connection.close()
    took.sort()
    middle, slow = took[len(took) // 2], took[int(len(took) * 0.95)]
    return [
        Row("Search, a page of fifty: median", middle, "ms", note=f"{count:,} events, {len(took)} searches"),
        Row("Search, a page of fifty: 95th percentile", slow, "ms", high=150),
    ]
