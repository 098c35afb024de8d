"""Types that are read from JSON or TOML are prepared before threads use them: two first uses at once end a process."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parent.parent / "src" / "affidavit"
USED_RE = re.compile(r"(?:msgspec\.convert\(.*, (?:list\[)?|json\.decode\(.*type=|_convert\(entry, )(_?[A-Z]\w+)\b")
PREPARED_RE = re.compile(r"^@ready\n(?:@.*\n)*class (\w+)|msgspec\.json\.Decoder\((?:list\[)?(\w+)", re.MULTILINE)
PLAIN = {"UUID"}
THREADS = """
import sys, threading
from pathlib import Path
sys.setswitchinterval(1e-6)
{imports}
barrier = threading.Barrier(8)
def go():
    barrier.wait()
    {call}
threads = [threading.Thread(target=go) for _ in range(8)]
for one in threads: one.start()
for one in threads: one.join()
"""
FIRST_USES = {
    "deadlines": ("from affidavit.cases.deadlines import load", "load(Path('nowhere'), '', [])"),
    "outcome": ("from affidavit.export import outcome", "outcome.msgspec.convert({}, outcome.Outcome)"),
    "report": (
        "import msgspec; from affidavit.reports.report import Control, Framework, Report",
        "msgspec.convert({'title': 't', 'edition': 'e'}, Framework)",
    ),
}


def sources():
    return {path: path.read_text("utf-8") for path in SRC.rglob("*.py")}


def test_every_type_that_is_read_is_prepared():
    texts = sources()
    prepared = {name for text in texts.values() for pair in PREPARED_RE.findall(text) for name in pair if name}
    used = {name for text in texts.values() for name in USED_RE.findall(text)}
    assert {"_File", "Outcome", "Kept", "Result", "Expectation", "_Profile"} <= used, "the pattern finds them"
    assert used - prepared - PLAIN == set()


@pytest.mark.parametrize("what", FIRST_USES)
def test_threads_that_use_a_type_first_at_the_same_moment(what):
    imports, call = FIRST_USES[what]
    done = subprocess.run([sys.executable, "-c", THREADS.format(imports=imports, call=call)], check=False)
    assert done.returncode == 0
