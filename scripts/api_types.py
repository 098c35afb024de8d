"""Keep the types of the UI's API client as the service describes itself: ui/src/api/schema.d.ts.

`python scripts/api_types.py` writes it; `--check` writes nothing and ends with 1 where it differs (`make check`).
Needs ui/node_modules (`make ui`).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from affidavit import AuditLog
from affidavit.web import create_app

ROOT: Final = Path(__file__).resolve().parent.parent
TYPES: Final = ROOT / "ui" / "src" / "api" / "schema.d.ts"
TOOL: Final = ROOT / "ui" / "node_modules" / ".bin" / "openapi-typescript"


def main(arguments: list[str]) -> int:
    """Write, or compare."""
    if not TOOL.is_file():
        print(f"{TOOL.relative_to(ROOT)} is missing: run `make ui` first", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        made = generate(Path(folder))
    if "--check" not in arguments:
        TYPES.write_text(made, "utf-8")
        return 0
    if TYPES.is_file() and TYPES.read_text("utf-8") == made:
        return 0
    shown = TYPES.relative_to(ROOT)
    print(f"{shown} differs from the service's OpenAPI: run `python scripts/api_types.py`", file=sys.stderr)
    return 1


def generate(folder: Path) -> str:
    """The types, by way of a folder of its own. Raises CalledProcessError where the description has none."""
    with AuditLog.open(folder / "home") as log:
        described = create_app(log, sign_in=True).openapi()
    for methods in described["paths"].values():
        for operation in methods.values():  # of what is no success the client throws: its types would be noise
            kept = {status: answer for status, answer in operation["responses"].items() if status.startswith("2")}
            operation["responses"] = kept
    given, made = folder / "openapi.json", folder / "schema.d.ts"
    given.write_text(json.dumps(described), "utf-8")
    command = [str(TOOL), str(given), "--output", str(made), "--default-non-nullable", "false"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return made.read_text("utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
