"""What is imported when: the verifier alone must run where neither database nor Arrow is installed."""

import subprocess
import sys

import pytest

import affidavit

HEAVY = ("sqlalchemy", "alembic", "duckdb", "pyarrow", "fastapi", "pydantic", "uvicorn", "rich", "click")


def loaded(code):
    script = f"import sys\n{code}\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()


@pytest.mark.parametrize("code", ["import affidavit", "import affidavit.verify.__main__", "import affidavit.verify"])
def test_nothing_heavy_is_loaded(code):
    assert loaded(code) == []


def test_the_log_brings_what_it_needs():
    assert "sqlalchemy" in loaded("from affidavit import AuditLog")


def test_every_public_name_is_there_and_no_other():
    assert {name: getattr(affidavit, name) for name in affidavit.__all__}.keys() == set(affidavit.__all__)
    assert set(affidavit.__all__) <= set(dir(affidavit))
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        affidavit.Nothing  # noqa: B018
