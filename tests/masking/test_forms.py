"""Forms: cells as documented, nothing shown that isn't understood, and a parser that takes only such cells."""

from __future__ import annotations

import ipaddress

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.cells import csv_cell, json_text
from affidavit.masking import forms
from affidavit.masking.forms import FORMS, parses, parses_count
from affidavit.masking.masks import read_mask

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.mark.parametrize(
    ("form", "value", "cell"),
    [
        ("email", "jane.doe@Example.ORG", "j***@example.org"),
        ("email", "jd@example.org", "***@example.org"),
        ("email", "Ünal.K@example.org", "***@example.org"),
        ("email", "Jane <jane@example.org>", None),
        ("email", "a@b@example.org", None),
        ("email", "jane@localhost", None),
        ("email", "jane@-x.org", None),
        ("phone", "+49 (171) 123-45 67", "***67"),
        ("phone", "12345", None),
        ("phone", "1234567890123456", None),
        ("phone", "call 5035550142", None),
        ("last", "123-45-6789", "****6789"),
        ("last", "DE89 3704 0044 0532 0130 00", "****3000"),
        ("last", "1234567", "****"),
        ("last", "12345678", "****5678"),
        ("last", "Straße-1234567", "****"),
        ("card", "4111 1111 1111 1111", "411111******1111"),
        ("card", "41111111111111", None),
        ("ip", "10.42.7.9", "10.42.7.0/24"),
        ("ip", "2001:DB8:7:1::9", "2001:db8:7::/48"),
        ("ip", "::ffff:10.42.7.9", "10.42.7.0/24"),
        ("ip", "fe80::1%eth0", "fe80::/48"),
        ("ip", "010.1.1.1", None),
        ("ip", "host.example", None),
        ("month", "2026-10-05T10:00:00.000000Z", "2026-10"),
        ("month", "2026-10-05", "2026-10"),
        ("month", "2026", None),
        ("month", "2026-13-05", None),
        ("month", "5 Oct 2026", None),
        ("age", "089", "89"),
        ("age", "90", "90+"),
        ("age", "old", None),
        ("region", "US-CA, San Francisco", "US-CA"),
        ("region", "DE/Berlin", "DE"),
        ("region", "Berlin, DE", None),
        ("region", "US-CA-94103", "US-CA"),
    ],
)
def test_forms_write_what_is_documented(form: str, value: str, cell: str | None) -> None:
    assert FORMS[form].apply(value) == cell
    assert parses(read_mask(form, "none").spec(), cell)


def test_years_group_ages_from_ninety() -> None:
    assert forms.year("1937-01-01", 2026) == "1937"
    assert forms.year("1936-12-31", 2026) == "90+"
    assert forms.year("2026-10", 2026) == "2026"
    spec = {"mask": "year", "as_of": 2026}
    assert parses(spec, "1937")
    assert parses(spec, "90+")
    assert not parses(spec, "1936"), "a year that should have been grouped"


@given(st.sampled_from(sorted(set(FORMS) - {"year"})), TEXT)
def test_whatever_comes_in_a_well_formed_cell_comes_out(form: str, value: str) -> None:
    cell = FORMS[form].apply(value)
    assert parses(read_mask(form, "none").spec(), cell)


@given(st.sampled_from(sorted(set(FORMS) - {"year"})), TEXT)
def test_no_cell_of_a_form_needs_quotes_or_escapes(form: str, value: str) -> None:
    cell = FORMS[form].apply(value)
    if cell is not None:
        assert csv_cell("s", cell) == cell
        assert json_text(cell) == f'"{cell}"'


ADDRESSES = (
    st.ip_addresses().map(str)
    | st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){2,4}", fullmatch=True)
    | st.sampled_from(
        ["10.0.0.01", "1.2.3.256", "1.2.3.4 ", " 1.2.3.4", "::ffff:1.2.3.4", "fe80::1%eth0", "1.2.3.", ".", "1.2.3.4\n"]
    )
    | TEXT
)


@given(st.lists(ADDRESSES, max_size=30), st.integers(8, 24), st.integers(16, 48))
def test_the_column_of_prefixes_is_the_prefix_of_each(values: list[str], v4: int, v6: int) -> None:
    column = forms.ip_column(pa.array(values, pa.string()), v4, v6)
    assert column.to_pylist() == [forms.ip(value, v4, v6) for value in values]
    mask = read_mask({"mask": "ip", "v4": v4, "v6": v6}, "ip")
    spread = [None, *(value for one in values for value in (one, None))]
    assert mask.column(pa.array(spread, pa.string())).to_pylist() == [mask.cell(value) for value in spread]
    assert mask.column(pa.array(spread, pa.string()), "j").to_pylist() == [mask.cell(value, "j") for value in spread]


@given(st.ip_addresses(), st.integers(8, 24), st.integers(16, 48))
def test_ip_prefixes_hold_the_address_and_parse(address: object, v4: int, v6: int) -> None:
    cell = forms.ip(str(address), v4, v6)
    assert cell is not None
    assert parses({"mask": "ip", "v4": v4, "v6": v6}, cell)
    network = ipaddress.ip_network(cell)
    mapped = getattr(address, "ipv4_mapped", None)
    assert (mapped or address) in network


@pytest.mark.parametrize(
    ("spec", "cell"),
    [
        ({"mask": "keep"}, "anything"),
        ({"mask": "keep"}, None),
        ({"mask": "unheard-of"}, None),
        ({}, None),
        ({"mask": "remove"}, "x"),
        ({"mask": "remove"}, ""),
        ({"mask": "token", "class": "subject"}, "tk_" + "A" * 26),
        ({"mask": "token", "class": "subject"}, "tk_" + "a" * 27),
        ({"mask": "token", "class": "subject"}, "tk_" + "a" * 26 + "\n"),
        ({"mask": "vault", "class": "subject"}, "tk_" + "a" * 26),
        ({"mask": "type", "class": "card"}, "[account]"),
        ({"mask": "email"}, "jane@example.org"),
        ({"mask": "email"}, "ja***@example.org"),
        ({"mask": "email"}, "j***@exa mple.org"),
        ({"mask": "phone"}, "***123"),
        ({"mask": "phone"}, "***१२"),
        ({"mask": "last", "n": 4}, "****12345"),
        ({"mask": "last", "n": 2}, "****1234"),
        ({"mask": "card"}, "4111111111111111"),
        ({"mask": "ip", "v4": 24, "v6": 48}, "10.0.0.1"),
        ({"mask": "ip", "v4": 24, "v6": 48}, "10.0.0.0/16"),
        ({"mask": "ip", "v4": 24, "v6": 48}, "10.0.0.1/24"),
        ({"mask": "ip", "v4": 24, "v6": 48}, "2001:DB8::/48"),
        ({"mask": "month"}, "2026-10-05"),
        ({"mask": "month"}, "2026-00"),
        ({"mask": "year"}, "2026"),
        ({"mask": "year", "as_of": 2026}, "90"),
        ({"mask": "age"}, "90"),
        ({"mask": "age"}, "07"),
        ({"mask": "region"}, "Germany"),
        ({"mask": "own", "owners": [], "inner": {"mask": "keep"}}, "clear"),
        ({"mask": "own", "owners": []}, None),
    ],
)
def test_other_cells_do_not_parse(spec: dict[str, object], cell: str | None) -> None:
    assert not parses(spec, cell)


def test_own_parses_by_its_inner_mask() -> None:
    spec = {"mask": "own", "owners": ["subject.id"], "inner": {"mask": "type", "class": "card"}}
    assert parses(spec, "[card]")
    assert parses(spec, None)
    assert not parses(spec, "4111")


@given(st.lists(st.integers(0, 40), max_size=8), st.integers(1, 15), st.booleans())
def test_small_cells_never_show_and_cannot_be_subtracted(cells: list[int], least: int, total: bool) -> None:
    shown = forms.counts(cells, least, total_shown=total)
    for value, cell in zip(cells, shown, strict=True):
        assert parses_count(cell, least)
        assert cell == str(value) if not cell.startswith("<") else value < int(cell[1:])
    hidden = [cell for cell in shown if cell.startswith("<")]
    if total and len(cells) > 1:
        assert len(hidden) != 1


@pytest.mark.parametrize("cell", ["10", "<10", "012", "", "<", "<<11", "11 "])
def test_other_counts_do_not_parse(cell: str) -> None:
    assert not parses_count(cell)


def test_small_cells_at_the_edge() -> None:
    assert [forms.count(value) for value in (0, 10, 11)] == ["<11", "<11", "11"]
    assert forms.counts([5, 40, 12]) == ["<11", "40", "<13"]
    assert forms.counts([5, 40, 12], total_shown=False) == ["<11", "40", "12"]
