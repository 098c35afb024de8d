"""What a stand-alone verifier takes along: the tree and its evaluation, on the standard library alone."""

import ast
import sys
from pathlib import Path

import pytest

import affidavit.query

FOLDER = Path(affidavit.query.__file__).parent


@pytest.mark.parametrize("module", ["__init__", "address", "tree", "evaluate"])
def test_imports_little(module):
    body = ast.walk(ast.parse((FOLDER / f"{module}.py").read_text("utf-8")))
    names = {node.module or "" for node in body if isinstance(node, ast.ImportFrom)}
    own = {"affidavit.errors", "affidavit.paths", "affidavit.query.address", "affidavit.query.tree"}
    assert {name for name in names - own if name.partition(".")[0] not in sys.stdlib_module_names} == set()
