"""Settings: three sources, their order, and mistakes named with source, setting and value."""

from dataclasses import fields
from zoneinfo import ZoneInfo

import pytest

from affidavit.errors import InvalidRequest
from affidavit.settings import CHOICES, HELP, MINIMUM, SETTINGS_FILE, Settings, load, zone


def written(folder, text):
    (folder / SETTINGS_FILE).write_text(text)
    return folder


def test_every_setting_is_explained(tmp_path):
    names = {field.name for field in fields(Settings)}
    assert set(HELP) == names
    assert set(CHOICES) <= names
    assert set(MINIMUM) <= names
    assert load(tmp_path, {}) == Settings()
    assert {name for name, least in MINIMUM.items() if getattr(Settings(), name) < least} == set()


def test_the_stronger_source_wins(tmp_path):
    home = written(tmp_path, 'zone = "Europe/Berlin"\nquery_threads = 3\nbusy_timeout_s = 5')
    environ = {"AFFIDAVIT_QUERY_THREADS": "4", "AFFIDAVIT_BUSY_TIMEOUT_S": "6.5", "AFFIDAVIT_HOME": "x", "PATH": "y"}
    found = load(home, environ, busy_timeout_s=7)
    assert (found.zone, found.query_threads, found.busy_timeout_s) == ("Europe/Berlin", 4, 7.0)
    assert isinstance(found.busy_timeout_s, float)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("query_thread = 1", ["query_thread"]),
        ('query_threads = "many"', ["query_threads", "'many'", "int"]),
        ("query_threads = 1.5", ["query_threads", "1.5"]),
        ("query_threads = true", ["query_threads", "True"]),
        ("query_threads = []", ["query_threads", "[]"]),
        ("query_threads = 0", ["query_threads", "0", "At least 1"]),
        ("busy_timeout_s = nan", ["busy_timeout_s", "nan"]),
        ("busy_timeout_s = inf", ["busy_timeout_s", "inf"]),
        ("queue_events_max = inf", ["queue_events_max", "inf"]),
        ("busy_timeout_s = 0", ["busy_timeout_s", "too small"]),
        ('secrets = "keep"', ["secrets", "'keep'", "strip, refuse"]),
        ('zone = "Europe/Berln"', ["Europe/Berln", "IANA"]),
        ('zone = "../../etc/passwd"', ["time zone"]),
        ("zone =", ["not TOML"]),
    ],
)
def test_mistakes_in_the_file(tmp_path, text, words):
    with pytest.raises(InvalidRequest) as caught:
        load(written(tmp_path, text), {})
    assert [word for word in words if word not in str(caught.value)] == []


def test_a_file_that_is_not_text(tmp_path):
    (tmp_path / SETTINGS_FILE).write_bytes(b"zone = '\xff'")
    with pytest.raises(InvalidRequest, match="not TOML"):
        load(tmp_path, {})


def test_mistakes_name_their_source(tmp_path):
    with pytest.raises(InvalidRequest, match="AFFIDAVIT_QUERY_THREADS"):
        load(tmp_path, {"AFFIDAVIT_QUERY_THREADS": "x"})
    with pytest.raises(InvalidRequest, match="argument"):
        load(tmp_path, {}, query_threads="x")
    with pytest.raises(InvalidRequest, match="nonsense"):
        load(tmp_path, {}, nonsense=1)


def test_zones():
    assert zone("UTC") == ZoneInfo("UTC")
    assert zone("America/Chicago") == ZoneInfo("America/Chicago")
    for name in ("", "Mars/Olympus", "/etc/localtime", "UTC\x00", "europe"):
        with pytest.raises(InvalidRequest):
            zone(name)
