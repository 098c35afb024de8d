"""Logs to report on: a small one for each test, and one estate for all of them."""

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from affidavit.estate.estate import load as load_estate
from affidavit.estate.plan import ZONE
from affidavit.event import micros
from affidavit.log.audit_log import AuditLog
from affidavit.reports.library import load
from affidavit.reports.runner import Fixed

# A moment gone by: what the estate says of weekdays and months is the same on every day tests run.
NOW = datetime(2024, 6, 19, 15, 0, tzinfo=UTC)
RUN_ID = "01890000-0000-7000-8000-000000000001"


@pytest.fixture(scope="session")
def library():
    return load()


@pytest.fixture(scope="session")
def estate():
    """The log of the estate, as of NOW."""
    memory = Path("/dev/shm")
    folder = tempfile.mkdtemp(dir=memory if memory.is_dir() else None, prefix="affidavit-estate-")
    with AuditLog.open(Path(folder, "home"), zone=ZONE) as log:
        with pytest.MonkeyPatch.context() as patch:  # reference data is known from when it was loaded
            clock = SimpleNamespace(time_ns=lambda: (micros(NOW) - 1) * 1000)
            patch.setattr("affidavit.cases.reference_data.time", clock)
            load_estate(log, NOW, 1500)
        yield log
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def fixed():
    """A run at NOW."""
    return Fixed(RUN_ID, micros(NOW), "tester")
