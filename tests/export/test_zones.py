"""Times in a file are those of the zone, and the manifest's transitions give them back."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affidavit.cells import Zone
from affidavit.commitment import parse_time
from affidavit.export.zones import ZoneTable

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Africa/Casablanca", "America/Sao_Paulo",
         "Pacific/Apia", "Europe/London", "America/St_Johns"]  # fmt: skip
times = st.lists(st.integers(86_400_000_000, 2_500_000_000_000_000), min_size=1, max_size=20)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(ZONES), times, times)
def test_the_column_is_what_the_manifest_s_zone_renders(name, first, second):
    table = ZoneTable(name)
    batches = sorted(first), sorted(t + max(first) for t in second)
    rendered = [table.render(pa.array(batch, pa.int64())).to_pylist() for batch in batches]
    transitions = table.transitions()
    zone = Zone(name, tuple(parse_time(t["at"]) for t in transitions), tuple(t["offset_s"] for t in transitions))
    assert rendered == [[zone.render(us) for us in batch] for batch in batches]


def test_transitions_are_those_of_the_period_alone():
    table = ZoneTable("Europe/Berlin")
    table.render(pa.array([parse_time("2026-01-01T00:00:00.000000Z"), parse_time("2026-12-31T00:00:00.000000Z")]))
    assert table.transitions() == [
        {"at": "1970-01-01T00:00:00.000000Z", "offset_s": 3600},
        {"at": "2026-03-29T01:00:00.000000Z", "offset_s": 7200},
        {"at": "2026-10-25T01:00:00.000000Z", "offset_s": 3600},
    ]


@pytest.mark.parametrize(
    ("utc", "shown"),
    [
        ("2026-10-25T00:59:59.999999Z", "2026-10-25T02:59:59.999999+02:00"),
        ("2026-10-25T01:00:00.000000Z", "2026-10-25T02:00:00.000000+01:00"),
        ("2026-03-29T00:59:59.999999Z", "2026-03-29T01:59:59.999999+01:00"),
        ("2026-03-29T01:00:00.000000Z", "2026-03-29T03:00:00.000000+02:00"),
    ],
)
def test_the_hour_shown_twice_is_told_apart_by_its_offset(utc, shown):
    assert ZoneTable("Europe/Berlin").render(pa.array([parse_time(utc)])).to_pylist() == [shown]


def test_unordered_times_keep_their_places():
    table = ZoneTable("Europe/Berlin")
    unordered = [parse_time(f"2026-{month:02d}-15T12:00:00.000000Z") for month in (7, 1, 11, 4)]
    table.extend(min(unordered), max(unordered))
    shown = table.render_any(pa.array(unordered)).to_pylist()
    assert [text[:7] + text[-6:] for text in shown] == [
        "2026-07+02:00", "2026-01+01:00", "2026-11+01:00", "2026-04+02:00",
    ]  # fmt: skip


def test_no_rows_have_a_zone_all_the_same():
    assert ZoneTable("Asia/Kolkata").render(pa.array([], pa.int64())).to_pylist() == []
    assert len(ZoneTable("Asia/Kolkata").transitions()) == 1
