"""Build the UI into src/affidavit/web/static, unless what is there was built from these very sources.

Used by the build hook (`pip install .`), by `make ui`, and by hand: `python scripts/build_ui.py`.
Only the standard library: it runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = "ui"
STATIC = "src/affidavit/web/static"
STAMP = "sources.sha256"
LICENCES = "licences.txt"

# What tools leave in ui/ and what never changes the page.
NOT_SOURCES = frozenset({"node_modules", "dist", "coverage", ".vite", "test-results"})

NODE_MIN = (20, 19)
NPM_MIN = 11  # npm 10 does not install the lock of Vite 8; npx fetches a newer one
NPM_PACKAGE = f"npm@{NPM_MIN}"


class UiNotBuilt(Exception):
    """The UI could not be built. The message says what is missing and what to do."""


def source_digest(root: Path) -> str:
    """SHA-256 over the paths and bytes of all UI sources. (Dates say nothing after a clone.)"""
    digest = hashlib.sha256()
    sources = root / SOURCES
    for path in sorted(sources.rglob("*")):
        relative = path.relative_to(sources)
        if path.is_file() and not NOT_SOURCES.intersection(relative.parts):
            data = path.read_bytes()
            digest.update(f"{relative.as_posix()}\0{len(data)}\0".encode())
            digest.update(data)
    return digest.hexdigest()


def is_fresh(root: Path) -> bool:
    """Whether a UI is there, built from the sources that are there. Without sources, being is enough."""
    static = root / STATIC
    if not (static / "index.html").is_file():
        return False
    if not (root / SOURCES / "package.json").is_file():
        return True
    stamp = static / STAMP
    return stamp.is_file() and stamp.read_text("ascii").strip() == source_digest(root)


def version_of(command: list[str]) -> tuple[int, ...] | None:
    """The numbers a program answers to `--version`, or None if it can't be run."""
    try:
        answer = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return tuple(int(number) for number in re.findall(r"\d+", answer)[:3])


def npm_command() -> list[str]:
    """How to call an npm that can install the lock. Raises UiNotBuilt with what is missing."""
    needed = ".".join(map(str, NODE_MIN))
    node = version_of(["node"])
    if node is None:
        raise UiNotBuilt(f"The UI needs Node.js >= {needed} and npm to build, and there is no `node` on the PATH.")
    if node < NODE_MIN:
        raise UiNotBuilt(f"The UI needs Node.js >= {needed} to build; this is {'.'.join(map(str, node))}.")
    npm = version_of(["npm"])
    if npm is not None and npm[0] >= NPM_MIN:
        return ["npm"]
    if shutil.which("npx"):
        return ["npx", "--yes", NPM_PACKAGE]
    raise UiNotBuilt(f"The UI needs npm >= {NPM_MIN} to build, and there is neither npm nor npx on the PATH.")


def modules_are_fresh(root: Path) -> bool:
    """Whether ui/node_modules follows the lock: npm leaves its own copy of the lock when it is done."""
    installed = root / SOURCES / "node_modules" / ".package-lock.json"
    lock = root / SOURCES / "package-lock.json"
    return installed.is_file() and installed.stat().st_mtime >= lock.stat().st_mtime


def run_npm(root: Path, *arguments: str) -> None:
    """Run npm in ui/. Raises UiNotBuilt if it can't be run or fails."""
    command = [*npm_command(), *arguments]
    try:
        # Output to stderr: a build hook's stdout belongs to its caller.
        subprocess.run(command, cwd=root / SOURCES, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    except subprocess.CalledProcessError as error:
        said = f"`{' '.join(command)}` failed in {SOURCES}/ with exit code {error.returncode}; see above."
        raise UiNotBuilt(said) from error


def install_modules(root: Path) -> bool:
    """Install ui/node_modules from the lock unless fresh. True if it installed. Raises UiNotBuilt."""
    if modules_are_fresh(root):
        return False
    run_npm(root, "ci")
    return True


def licences(root: Path) -> str:
    """Licence texts of all packages that may be in the built UI, which their terms ask us to pass on."""
    ui = root / SOURCES
    packages = json.loads((ui / "package-lock.json").read_text("utf-8")).get("packages", {})
    parts = []
    for path, package in sorted(packages.items()):
        if path and not package.get("dev") and (ui / path).is_dir():
            texts = [file.read_text("utf-8", "replace") for file in sorted((ui / path).glob("[Ll][Ii][Cc][Ee]*"))]
            head = f"{path.removeprefix('node_modules/')} {package.get('version')} ({package.get('license')})"
            parts.append("\n\n".join([head + "\n" + "-" * len(head), *(text.strip() for text in texts)]))
    return "\n\n\n".join(parts) + "\n"


def build(root: Path) -> bool:
    """Build unless fresh. True if something was built. Raises UiNotBuilt."""
    if is_fresh(root):
        return False
    if not (root / SOURCES / "package.json").is_file():
        raise UiNotBuilt(f"Neither the UI's sources ({SOURCES}/) nor a built UI ({STATIC}/) are here.")
    install_modules(root)
    run_npm(root, "run", "build")
    index = root / STATIC / "index.html"
    if not index.is_file():
        raise UiNotBuilt(f"`npm run build` ended well but left no {STATIC}/index.html.")
    index.with_name(LICENCES).write_text(licences(root), "utf-8")
    index.with_name(STAMP).write_text(source_digest(root) + "\n", "ascii")
    return True


def main() -> int:
    """Build for this checkout, its checks' modules included, and say what was done."""
    try:
        install_modules(ROOT)
        built = build(ROOT)
    except UiNotBuilt as error:
        print(error, file=sys.stderr)
        return 1
    if built:
        print(f"UI: built into {STATIC}/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
