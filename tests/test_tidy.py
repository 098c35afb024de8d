"""The house rules that no linter knows: size, docstrings, words, links, purity, and what no file may name.

Each rule is a small function from text to complaints; the second half shows that every one of them can fail.
"""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src" / "affidavit"

MODULE_LINES_MAX = 450
MODULE_LINES_USUAL = 400
USUAL_SHARE_MIN = 0.9
MODULE_LINES_MEDIAN_MAX = 200
FUNCTION_LINES_MAX = 70

TEXT_SUFFIXES = frozenset(
    ".py .md .toml .txt .yml .yaml .json .ts .tsx .js .mjs .css .html .typ .mako .sh .cfg .ini".split()
)
PROSE_SUFFIXES = frozenset(".py .md .ts .tsx".split())

# Joined here, so that this file names none of them.
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
        ("maven", "org"),
        ("deb", "debian", "org"),
    )
)
FETCH_ADDRESS_RE = re.compile(r'"resolved": *"http|(?:index-url|registry) *=? *"?https?:|\.(?:whl|tgz)#')
LEFT_OVER_RE = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME)\b")
# Where a checkout lies in a folder that anyone has, that folder's name gives nothing away.
COMMON_FOLDERS = frozenset("/ /tmp /home /root /srv /opt /usr /usr/src /var/tmp /builds /github/workspace".split())

# What a promise of ours never says, and what instead. Quoted, a word is talked about, not used.
WORDS = {
    r"anonymi[sz]ed": "masked",
    r"compliant": "evidence present, exception, not evidenced, not applicable",
    r"tamper-?proof": "what verifies, and what a change breaks",
    r"block-?chain": "log",
    r"redact(?:s|ed|ion)?": "mask",
}

# Open no file, read no clock, roll no dice.
PURE = (
    "tlog",
    "commitment.py",
    "cells.py",
    "masking",
    "query/language.py",
    "query/evaluate.py",
    "query/tree.py",
)
IMPURE_MODULES = frozenset(
    ("asyncio io logging os pathlib random secrets shutil socket sqlite3 subprocess tempfile time").split()
)
IMPURE_CALLS = frozenset({"open", "input", "print"})
IMPURE_METHODS = frozenset({"now", "utcnow", "today"})

# Who may know whom, where the layers alone would allow more.
MAY_IMPORT = {
    "tlog": {"tlog", "errors"},
    "verify": {
        *("verify", "tlog", "commitment", "cells", "query", "record", "event", "paths", "errors", "version"),
    },
}

type_of_function = (ast.FunctionDef, ast.AsyncFunctionDef)


def modules(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*.py") if "__pycache__" not in path.parts)


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and (path.suffix in TEXT_SUFFIXES or not path.suffix)]


def read(path: Path) -> str:
    return path.read_text("utf-8", errors="replace")


def complain(complaints: list[str]) -> None:
    assert not complaints, "\n" + "\n".join(complaints)


def named(path: Path, complaints: list[str]) -> list[str]:
    return [f"{path.relative_to(ROOT)}: {complaint}" for complaint in complaints]


# Rules: text in, complaints out.


def line_count(source: str) -> int:
    return len(source.splitlines())


def long_functions(source: str) -> list[str]:
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, type_of_function)]
    sizes = [(node.name, (node.end_lineno or node.lineno) - node.lineno + 1) for node in functions]
    return [f"{name} has {size} lines" for name, size in sizes if size > FUNCTION_LINES_MAX]


def missing_docstrings(source: str) -> list[str]:
    tree = ast.parse(source)
    missing = [] if ast.get_docstring(tree) or not tree.body else ["the module has no docstring"]
    return missing + _missing_in(tree.body, "")


def _missing_in(body: list[ast.stmt], prefix: str) -> list[str]:
    missing = []
    for node in body:
        if not isinstance(node, (ast.ClassDef, *type_of_function)) or node.name.startswith("_"):
            continue
        silent = any(re.search(r"\b(overload|override|setter)\b", ast.unparse(d)) for d in node.decorator_list)
        if not silent and not ast.get_docstring(node):
            missing.append(f"{prefix}{node.name} has no docstring")
        if isinstance(node, ast.ClassDef):
            missing += _missing_in(node.body, f"{prefix}{node.name}.")
    return missing


def forbidden_addresses(text: str) -> list[str]:
    found = [host for host in REGISTRY_HOSTS if re.search(rf"\b{re.escape(host)}\b", text, re.IGNORECASE)]
    return found + FETCH_ADDRESS_RE.findall(text)


def machine_paths(text: str, checkout: Path) -> list[str]:
    folders = [str(folder) for folder in (checkout, checkout.parent) if str(folder) not in COMMON_FOLDERS]
    return [folder for folder in folders if re.search(rf"(?<![\w.-]){re.escape(folder)}/", text)]


def forbidden_words(text: str) -> list[str]:
    complaints = []
    for word, instead in WORDS.items():
        for match in re.finditer(rf"(?<![\"'“`\w-]){word}\b(?![\"'”`])", text, re.IGNORECASE):
            line = text.count("\n", 0, match.start()) + 1
            complaints.append(f"line {line}: {match[0]!r}; say: {instead}")
    return complaints


def impurities(source: str) -> list[str]:
    complaints = []
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        complaints += [f"imports {name}" for name in names if name.split(".")[0] in IMPURE_MODULES]
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS:
                complaints.append(f"line {node.lineno}: calls {node.func.id}()")
            if isinstance(node.func, ast.Attribute) and node.func.attr in IMPURE_METHODS:
                complaints.append(f"line {node.lineno}: calls .{node.func.attr}()")
    return complaints


def own_imports(source: str) -> set[str]:
    """First-level names of `affidavit` that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("affidavit.")}
        elif isinstance(node, ast.ImportFrom) and node.module == "affidavit":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("affidavit."):
            found.add(node.module.split(".")[1])
    return found


def links(text: str) -> set[str]:
    """Relative link targets of a Markdown text, without fragments and outside code."""
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    targets = (target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)", prose))
    return {target for target in targets if target and not re.match(r"[a-z]+:", target)}


# The tree keeps them.


def test_modules_are_short():
    sizes = {path: line_count(read(path)) for path in modules(SRC)}
    complain([f"{path.relative_to(ROOT)}: {n} lines" for path, n in sizes.items() if n > MODULE_LINES_MAX])
    usual = sum(n <= MODULE_LINES_USUAL for n in sizes.values()) / len(sizes)
    assert usual >= USUAL_SHARE_MIN, f"only {usual:.0%} of the modules have at most {MODULE_LINES_USUAL} lines"
    assert statistics.median(sizes.values()) <= MODULE_LINES_MEDIAN_MAX


def test_ui_modules_are_short():
    sources = [p for folder in ("ui/src", "verifier/src") for p in (ROOT / folder).rglob("*.ts*")]
    sizes = {path: line_count(read(path)) for path in sources if not path.name.endswith(".d.ts")}  # those are made
    complain([f"{path.relative_to(ROOT)}: {n} lines" for path, n in sizes.items() if n > MODULE_LINES_MAX])


@pytest.mark.parametrize("folder", ["src", "scripts", "bench"])
def test_functions_are_short(folder):
    complain([line for path in modules(ROOT / folder) for line in named(path, long_functions(read(path)))])


def test_everything_public_says_what_it_promises():
    complain([line for path in modules(SRC) for line in named(path, missing_docstrings(read(path)))])


def test_nothing_is_left_over():
    found = [(path, LEFT_OVER_RE.findall(read(path))) for path in tracked()]
    complain([line for path, words in found for line in named(path, words)])


def test_no_file_names_a_registry():
    complain([line for path in tracked() for line in named(path, forbidden_addresses(read(path)))])


def test_no_file_names_a_folder_of_this_machine():
    complain([line for path in tracked() for line in named(path, machine_paths(read(path), ROOT))])


def test_words_are_ours():
    prose = [path for path in tracked() if path.suffix in PROSE_SUFFIXES and path != Path(__file__)]
    complain([line for path in prose for line in named(path, forbidden_words(read(path)))])


def test_pure_modules_open_no_file_and_read_no_clock():
    paths = [p for name in PURE for p in ([SRC / name] if name.endswith(".py") else modules(SRC / name))]
    complain([line for path in paths if path.exists() for line in named(path, impurities(read(path)))])


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_imports_stay_in_their_circle(package):
    strangers = {p: own_imports(read(p)) - MAY_IMPORT[package] for p in modules(SRC / package)}
    complain([line for path, names in strangers.items() for line in named(path, sorted(names))])


def test_every_document_is_linked_and_every_link_leads_somewhere():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    targets = {page: {(page.parent / target).resolve() for target in links(read(page))} for page in pages}
    broken = [f"{page.name} -> {t.name}" for page, found in targets.items() for t in found if not t.exists()]
    complain(broken)
    reached = {target for found in targets.values() for target in found}
    documents = [path for path in (ROOT / "docs").rglob("*") if path.is_file()]
    # A link to a folder below docs/ stands for all that is in it.
    folders = {path for path in reached if path.is_dir() and path != ROOT / "docs" and path != ROOT}
    unlinked = [path for path in documents if path not in reached and folders.isdisjoint(path.parents)]
    complain([f"{path.relative_to(ROOT)} is linked from nowhere" for path in unlinked])


# And each rule can fail.


def test_long_functions_are_seen():
    body = "\n".join(["    x = 1"] * FUNCTION_LINES_MAX)
    assert long_functions(f"def f():\n{body}\n") == [f"f has {FUNCTION_LINES_MAX + 1} lines"]
    assert long_functions("def f():\n    return 1\n") == []


def test_missing_docstrings_are_seen():
    source = "class A:\n    def f(self): ...\n    def _g(self): ...\ndef _h(): ...\n"
    assert missing_docstrings(source) == [
        "the module has no docstring",
        "A has no docstring",
        "A.f has no docstring",
    ]
    assert missing_docstrings('"""M."""\ndef f():\n    """F."""\n') == []


def test_registries_are_seen():
    host = ".".join(("files", *REGISTRY_HOSTS[1].split(".")))
    assert forbidden_addresses(f"see {host}/x") == [REGISTRY_HOSTS[1]]
    assert forbidden_addresses('  "resolved": ' + '"https://example.net/a.tar.gz"')
    assert forbidden_addresses("a package registry") == []


def test_machine_paths_are_seen():
    checkout = Path("/somewhere/else")
    assert machine_paths("at /somewhere/else/src", checkout) == ["/somewhere/else", "/somewhere"]
    assert machine_paths("https://example.net/somewhere/else/", checkout) == []
    assert machine_paths("in /tmp/x", Path("/tmp/clone")) == []


def test_words_of_others_are_seen():
    text = "fine\nThis file is Compliant and " + "anonymized."
    assert [line.split(":")[0] for line in forbidden_words(text)] == ["line 2", "line 2"]
    assert forbidden_words('never say "compliant"; non-compliant is a finding') == []


def test_impurities_are_seen():
    source = "import os\nfrom time import monotonic\nopen('x')\ndatetime.now()\n"
    assert impurities(source) == [
        "imports os",
        "imports time",
        "line 3: calls open()",
        "line 4: calls .now()",
    ]
    assert impurities("from .clock import time_of\nimport hashlib\n") == []


def test_own_imports_are_seen():
    source = "import affidavit.log.keys, os\nfrom affidavit import web\nfrom affidavit.tlog.note import Note\n"
    assert own_imports(source) == {"log", "web", "tlog"}


def test_links_are_seen():
    text = "[a](docs/a.md#x) [b](https://example.net) `[c](c.md)`\n```\n[d](d.md)\n```\n[e](#e)"
    assert links(text) == {"docs/a.md"}
