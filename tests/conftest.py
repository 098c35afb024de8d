"""A log in a temporary home, on each database there is. Folders with other needs have a conftest of their own."""

import shutil
import tempfile
from pathlib import Path

import pytest

from affidavit.log.audit_log import AuditLog
from affidavit.testing import capture_events

# Each is what `database_url` is called with. A test that looks into the SQLite file is marked `sqlite`.
DATABASES = ("sqlite",)
MEMORY = Path("/dev/shm")
MEMORY_FREE_BYTES_MIN = 512 << 20


def pytest_configure(config):
    config.addinivalue_line("markers", "sqlite: about SQLite alone; other databases skip it")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch):
    """Settings of whoever runs the tests are none of theirs."""
    for name in ("AFFIDAVIT_HOME", "AFFIDAVIT_MASTER_KEY", "AFFIDAVIT_DATABASE", "AFFIDAVIT_SECRETS", "AFFIDAVIT_ZONE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=DATABASES)
def database_url(request):
    """The `database` setting: empty is SQLite's file in the home folder."""
    if request.param != "sqlite" and request.node.get_closest_marker("sqlite"):
        pytest.skip("about SQLite alone")
    return ""


@pytest.fixture
def home(tmp_path):
    """In memory where there is a folder for that: a commit waits for the disk, and there are thousands."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < MEMORY_FREE_BYTES_MIN:
        yield tmp_path / "home"
        return
    with tempfile.TemporaryDirectory(dir=MEMORY, prefix="affidavit-test-", ignore_cleanup_errors=True) as folder:
        yield Path(folder, "home")


@pytest.fixture(scope="session")
def _new_home(tmp_path_factory):
    """A home just made: copying it is quicker than making another."""
    made = tmp_path_factory.mktemp("new") / "home"
    AuditLog.open(made).close()
    return made


@pytest.fixture
def open_log(home, database_url, _new_home):
    """Opens logs on the same home; closes them all at the end."""
    opened = []

    def do(**settings):
        if not home.exists() and not database_url:
            shutil.copytree(_new_home, home)
        opened.append(AuditLog.open(home, **{"database": database_url, **settings}))
        return opened[-1]

    yield do
    for log in opened:
        log.close()


@pytest.fixture
def log(open_log):
    return open_log()


@pytest.fixture
def control_events(log):
    with capture_events(log, stream="control") as events:
        yield events
