"""The frame keeps its word: locks, build hook, Makefile, and the documents that speak of them."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import version as installed_version
from pathlib import Path

import pytest

from affidavit.version import VERSION

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ("base", "build", "service", "dev")


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build_ui = load(ROOT / "scripts" / "build_ui.py")


def locked(name):
    """{package: {version: number of hashes}} of one lock."""
    pins: dict[str, dict[str, int]] = {}
    for block in re.split(r"\n(?=[a-z0-9])", (ROOT / "requirements" / f"{name}.txt").read_text()):
        pin = re.match(r"([a-z0-9-]+)(?:\[[a-z,]+\])?==(\S+)", block)
        assert pin, f"not a pin: {block[:80]!r}"
        pins.setdefault(pin[1], {})[pin[2]] = block.count("--hash=sha256:")
    return pins


def names(requirements):
    return {re.match(r"[a-z0-9-]+", entry)[0] for entry in requirements if isinstance(entry, str)}


RUNTIME = names(PROJECT["project"]["dependencies"])
OPTIONAL = names(r for extra in PROJECT["project"]["optional-dependencies"].values() for r in extra)
DEVELOPMENT = names(r for group in PROJECT["dependency-groups"].values() for r in group)


def test_version_is_said_once():
    assert installed_version("affidavit") == VERSION
    others = [p for p in (ROOT / "src").rglob("*.py") if p.name != "version.py" and f'"{VERSION}"' in p.read_text()]
    assert others == []
    assert f"## {VERSION}" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_hashes(name):
    assert [package for package, pins in locked(name).items() if not all(pins.values())] == []


@pytest.mark.parametrize("name", LOCKS)
def test_locks_name_no_address_and_no_folder(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert re.findall(r"://|--index|--extra-index|--find-links|^-f |\bfile:", text, re.MULTILINE) == []


def test_locks_hold_what_pyproject_asks_for():
    assert set(locked("base")) >= RUNTIME
    assert set(locked("dev")) >= RUNTIME | OPTIONAL | DEVELOPMENT
    assert not set(locked("base")) & (DEVELOPMENT - RUNTIME)


def test_developing_and_running_use_the_same_releases():
    dev = locked("dev")
    others = [one for name in LOCKS if name != "dev" for one in locked(name).items()]
    different = [package for package, pins in others if dev[package].keys() != pins.keys()]
    assert different == []


def test_every_dependency_is_explained():
    text = (ROOT / "docs" / "dependencies.md").read_text()
    ui = json.loads((ROOT / "ui" / "package.json").read_text())
    packages = RUNTIME | OPTIONAL | DEVELOPMENT | ui["dependencies"].keys() | ui["devDependencies"].keys()
    assert [name for name in sorted(packages) if f"| {name} |" not in text] == []


def test_every_ignored_rule_has_its_reason():
    text = (ROOT / "pyproject.toml").read_text()
    lint = text[text.index("\nignore = [") : text.index("[tool.ruff.lint.per-file-ignores]")]
    assert [
        line for line in lint.splitlines() if line.startswith('  "') and "  #" not in line and " # " not in line
    ] == []


def test_npm_locks_stay_free_of_addresses():
    for folder in (ROOT, ROOT / "ui"):
        assert "omit-lockfile-registry-resolved=true" in (folder / ".npmrc").read_text().splitlines()


def test_make_says_what_it_can_do():
    answer = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    said = {line.split()[1] for line in answer.splitlines()}
    assert said == {"help", "setup", "demo", "test", "check", "format", "bench", "ui", "page", "lock", "clean"}


@pytest.mark.parametrize("script", sorted(p.name for p in (ROOT / "scripts").iterdir() if not p.suffix and p.is_file()))
def test_shell_scripts_are_well_formed(script):
    path = ROOT / "scripts" / script
    assert os.access(path, os.X_OK)
    assert subprocess.run(["bash", "-n", str(path)], check=False).returncode == 0


def test_system_packages_are_named_where_they_cannot_be_installed(tmp_path):
    # A PATH with what the script itself needs, no browser, and an `id` that says: not root.
    for tool in ("bash", "dirname"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    (tmp_path / "id").write_text("#!/bin/bash\necho 1000\n")
    (tmp_path / "id").chmod(0o755)
    done = subprocess.run(
        [shutil.which("bash"), str(ROOT / "scripts" / "system_packages"), "test"],
        env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "apt-get install --yes --no-install-recommends chromium" in done.stderr


# The build hook.


@pytest.fixture
def tree(tmp_path):
    """A project with a one-file UI, as yet unbuilt."""
    ui = tmp_path / "ui"
    (ui / "node_modules" / "x").mkdir(parents=True)
    (ui / "package.json").write_text("{}")
    (ui / "package-lock.json").write_text("{}")
    return tmp_path


def built(tree):
    static = tree / build_ui.STATIC
    static.mkdir(parents=True, exist_ok=True)
    (static / "index.html").write_text("<!doctype html>")
    (static / build_ui.STAMP).write_text(build_ui.source_digest(tree))
    return static


def test_built_ui_is_fresh_until_a_source_changes(tree):
    assert not build_ui.is_fresh(tree)
    built(tree)
    assert build_ui.is_fresh(tree)
    assert build_ui.build(tree) is False
    (tree / "ui" / "main.tsx").write_text("")
    assert not build_ui.is_fresh(tree)


def test_what_tools_leave_is_no_source(tree):
    before = build_ui.source_digest(tree)
    (tree / "ui" / "node_modules" / "x" / "index.js").write_text("1")
    assert build_ui.source_digest(tree) == before


def test_renaming_a_source_changes_the_digest(tree):
    before = build_ui.source_digest(tree)
    (tree / "ui" / "package.json").rename(tree / "ui" / "package.jso")
    assert build_ui.source_digest(tree) != before


def test_without_node_it_says_what_is_missing(tree, monkeypatch):
    monkeypatch.setenv("PATH", str(tree))
    with pytest.raises(build_ui.UiNotBuilt, match=r"needs Node\.js >= 20\.19 and npm .* no `node` on the PATH"):
        build_ui.build(tree)


@pytest.mark.parametrize(
    ("node", "npm", "expected"),
    [("v20.19.0", "11.2.0", ["npm"]), ("v22.1.0", "10.8.2", ["npx", "--yes", "npm@11"])],
)
def test_an_old_npm_fetches_a_newer_one(tree, monkeypatch, node, npm, expected):
    for name, says in (("node", node), ("npm", npm), ("npx", npm)):
        (tree / name).write_text(f"#!/bin/sh\necho {says}\n")
        (tree / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tree))
    assert build_ui.npm_command() == expected


def test_an_old_node_is_refused(tree, monkeypatch):
    (tree / "node").write_text("#!/bin/sh\necho v18.20.4\n")
    (tree / "node").chmod(0o755)
    monkeypatch.setenv("PATH", str(tree))
    with pytest.raises(build_ui.UiNotBuilt, match=r"this is 18\.20\.4"):
        build_ui.npm_command()


def test_a_failing_npm_is_reported_with_its_command(tree, monkeypatch):
    (tree / "npm").write_text("#!/bin/sh\nexit 3\n")
    (tree / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", str(tree))
    monkeypatch.setattr(build_ui, "npm_command", lambda: ["npm"])
    with pytest.raises(build_ui.UiNotBuilt, match=r"`npm ci` failed in ui/ with exit code 3"):
        build_ui.build(tree)


def test_licences_of_what_is_shipped_are_passed_on(tree):
    lock = {"packages": {"": {}, "node_modules/x": {"version": "1.2.3", "license": "ISC"},
                         "node_modules/y": {"version": "1.0.0", "license": "MIT", "dev": True}}}  # fmt: skip
    (tree / "ui" / "package-lock.json").write_text(json.dumps(lock))
    (tree / "ui" / "node_modules" / "x" / "LICENSE.md").write_text("Do as you like.")
    assert build_ui.licences(tree) == "x 1.2.3 (ISC)\n-------------\n\nDo as you like.\n"


@pytest.fixture
def project(tree):
    """A copy of what the packaging reads."""
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, tree)
    shutil.copytree(ROOT / "scripts", tree / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    package = tree / "src" / "affidavit"
    package.mkdir(parents=True)
    for name in ("__init__.py", "version.py", "py.typed"):
        shutil.copy(ROOT / "src" / "affidavit" / name, package)
    (tree / ".gitignore").write_text("/src/affidavit/web/static/\n")
    return tree


def package(project, hook, **environment):
    """Call one PEP 517 hook as pip would; the finished process."""
    code = f"import hatchling.build as b; print(b.{hook}('out'))"
    environment = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_wheel_ships_the_built_ui(project):
    built(project)
    done = package(project, "build_wheel")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(project / "out" / done.stdout.strip()) as wheel:
        assert {"affidavit/web/static/index.html", "affidavit/py.typed"} <= set(wheel.namelist())


def test_wheel_without_node_fails_and_says_why(project):
    done = package(project, "build_wheel", PATH=str(project), AFFIDAVIT_SKIP_UI="1")
    assert done.returncode != 0
    assert "The UI needs Node.js" in done.stderr
    assert "Install Node.js" in done.stderr


def test_editable_install_can_skip_the_ui(project):
    done = package(project, "build_editable", PATH=str(project), AFFIDAVIT_SKIP_UI="1")
    assert done.returncode == 0, done.stderr
    refused = package(project, "build_editable", PATH=str(project))
    assert "set AFFIDAVIT_SKIP_UI=1" in refused.stderr


def test_sdist_carries_the_sources_of_the_ui(project):
    built(project)
    done = package(project, "build_sdist")
    assert done.returncode == 0, done.stderr
    with tarfile.open(project / "out" / done.stdout.strip()) as archive:
        carried = {name.partition("/")[2] for name in archive.getnames()}
    assert carried >= {
        "ui/package.json",
        "scripts/build_ui.py",
        "hatch_build.py",
        f"{build_ui.STATIC}/index.html",
    }
