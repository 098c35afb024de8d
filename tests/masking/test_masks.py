"""Masks: column as cell, what needs binding says so, and no planted value survives."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affidavit.errors import InvalidRequest
from affidavit.masking.masks import MASK_NAMES, Binding, Keep, Mask, Own, read_mask
from affidavit.masking.tally import Tally
from affidavit.masking.tokens import TokenKeys, derive_key, token, vault_token

MASTER = bytes(range(32))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


class MemoryVault:
    """Tokens in a dict; entropy by counting, as tests must repeat."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], str] = {}

    def get_or_create(self, cls: str, value: str) -> str:
        fresh = vault_token(len(self.known).to_bytes(17, "little"))
        return self.known.setdefault((cls, value), fresh)

    def get_or_create_many(self, cls: str, values: Sequence[str]) -> list[str]:
        return [self.get_or_create(cls, value) for value in values]


def binding() -> Binding:
    return Binding(TokenKeys(MASTER, "export-1"), MemoryVault(), frozenset({"S-1"}), frozenset(), 2026)


def masks() -> list[Mask]:
    bound = binding()
    return [read_mask(name, "subject", ("subject.id",)).bound(bound) for name in MASK_NAMES]


VALUES = ["S-1", "S-2", "jane@example.org", "+49 171 1234567", "10.0.0.1", "1937-01-02", "DE-BE", None, "", "95"]


@pytest.mark.parametrize("mask", masks(), ids=lambda mask: mask.name)
@settings(max_examples=25)
@given(values=st.lists(st.sampled_from(VALUES) | TEXT, max_size=12), data=st.data())
def test_a_column_is_its_cells(mask: Mask, values: list[str | None], data: st.DataObject) -> None:
    owners = data.draw(st.lists(st.sampled_from(["S-1", "S-2", None]), min_size=len(values), max_size=len(values)))
    tags = data.draw(st.lists(st.sampled_from("sj"), min_size=len(values), max_size=len(values)))
    rows = {"subject.id": pa.array(owners, pa.string())}
    column = pa.array(values, pa.string())

    def cells(tags: list[str]) -> list[str | None]:
        three = zip(values, tags, owners, strict=True)
        return [mask.cell(value, tag, {"subject.id": owner}) for value, tag, owner in three]

    assert mask.column(column, "s", rows).to_pylist() == cells(["s"] * len(values))
    mixed = mask.column(pa.chunked_array([column]), pa.array(tags, pa.string()), rows)
    assert mixed.to_pylist() == cells(tags)
    assert mixed.type == pa.string()
    opened = mask.opened(column, rows).to_pylist()
    for value, cell, clear in zip(values, mixed.to_pylist(), opened, strict=True):
        if clear:
            assert cell == value
        else:
            assert mask.parse(cell)


PLANTED = {
    "email": "jane.roe@example.org",
    "phone": "+49 171 1234567",
    "government_id": "123-45-6789",
    "account": "DE89370400440532013000",
    "card": "4111111111111111",
    "ip": "10.42.7.99",
    "subject": "S-1048213",
    "person_name": "Maya Lindholm",
    "subject_date": "1987-03-14",
    "location": "DE-BE, Turmstraße 7",
}


# What text shows of these can't be told from other text.
WITHOUT_FORM = {"subject", "person_name", "subject_date", "location"}


@pytest.mark.parametrize("mask", [mask for mask in masks() if mask.name != "keep"], ids=lambda mask: mask.name)
@pytest.mark.parametrize("tag", ["s", "j"])
def test_a_planted_value_survives_only_keep(mask: Mask, tag: str) -> None:
    for cls, planted in PLANTED.items():
        if mask.name == "replace" and cls in WITHOUT_FORM:
            continue
        value = json.dumps(planted, ensure_ascii=False) if tag == "j" else planted
        shown = mask.column(pa.array([value]), tag, {"subject.id": pa.array(["S-2"])}).to_pylist()[0]
        assert planted not in str(shown)
        assert re.sub(r"\W", "", planted) not in re.sub(r"\W", "", str(shown))


@pytest.mark.parametrize("name", ["token", "vault", "own", "year"])
def test_unbound_masks_say_what_they_lack(name: str) -> None:
    mask = read_mask(name, "subject")
    assert mask.label
    assert mask.parse(None) == (name != "year"), "which cells a year may have depends on the year"
    with pytest.raises(InvalidRequest, match=r"profile\.bind"):
        mask.cell("2026-01-01")


def test_token_by_class_and_tag() -> None:
    mask = read_mask("token", "subject").bound(binding())
    key = derive_key(MASTER, "export-1", "subject")
    assert mask.cell("17") == token(key, "17", "s")
    assert mask.column(pa.array(["17", "17"]), pa.array(["s", "j"])).to_pylist() == [
        token(key, "17", "s"),
        token(key, "17", "j"),
    ]


def test_own_shows_the_subjects_rows_only() -> None:
    mask = read_mask("own", "email", ("subject.id", "resource.owner")).bound(binding())
    rows = {
        "subject.id": pa.array(["S-1", "S-2", None, None, "S-2"], pa.string()),
        "resource.owner": pa.array([None, "S-1", "S-1", None, None], pa.string()),
    }
    values = pa.array(["a@b.co"] * 5)
    assert mask.column(values, "s", rows).to_pylist() == ["a@b.co", None, "a@b.co", None, None]
    assert mask.opened(values, rows).to_pylist() == [True, False, True, False, False]


def test_own_without_the_owners_columns_refuses() -> None:
    mask = read_mask("own", "email", ("subject.id",)).bound(binding())
    with pytest.raises(InvalidRequest, match=r"lack subject\.id"):
        mask.column(pa.array(["a@b.co"]))
    with pytest.raises(InvalidRequest, match=r"lacks subject\.id"):
        mask.cell("a@b.co")


def test_own_with_an_inner_mask_opens_nothing() -> None:
    spec = {"mask": "own", "inner": "type"}
    mask = read_mask(spec, "card", ("subject.id",)).bound(binding())
    rows = {"subject.id": pa.array(["S-1", "S-2"])}
    assert mask.column(pa.array(["4111", "4222"]), "s", rows).to_pylist() == ["[card]", None]
    assert mask.opened(pa.array(["4111", "4222"]), rows).to_pylist() == [False, False]


def test_an_own_id_is_shown_where_it_is_the_value() -> None:
    mask = read_mask("own", "staff").bound(binding())
    assert mask.column(pa.array(["S-1", "S-2", None])).to_pylist() == ["S-1", None, None]


def test_replaced_identifiers_are_counted_with_their_cells() -> None:
    tally = Tally()
    mask = read_mask("replace", "free").bound(Binding(tally=tally))
    mask.column(pa.array(["a@b.co", "a@b.co", None, "plain", "10.0.0.1 c@d.co d@d.co"]))
    mask.column(pa.array(['{"x":"a@b.co"}', "a@b.co"]), pa.array(["j", "s"]))
    assert tally.told() == [
        {"kind": "e-mail", "identifiers": 6, "cells": 5},
        {"kind": "IP", "identifiers": 1, "cells": 1},
    ]
    assert tally.words == "6 e-mail in 5 cells, 1 IP in 1 cell"
    assert (Tally().told(), Tally().words) == ([], "")
    own = Own((), mask).bound(Binding(ids=frozenset({"a@b.co"}), tally=tally))
    own.column(pa.array(["a@b.co", "c@d.co"]))
    assert tally.told()[0]["identifiers"] == 7, "what is removed whole is not replaced"


def test_replace_leaves_the_subjects_own_values() -> None:
    mask = read_mask("replace", "free").bound(Binding(own_values=frozenset({"a@b.co"})))
    assert mask.cell("a@b.co wrote to c@d.co") == "a@b.co wrote to [e-mail]"


def test_forms_take_json_scalars_and_nothing_else() -> None:
    mask = read_mask("last", "account")
    assert mask.cell("123456789", "j") == "****6789"
    assert mask.cell('"123456789"', "j") == "****6789"
    assert mask.cell('["123456789"]', "j") is None
    assert mask.cell("true", "j") is None


@pytest.mark.parametrize("mask", masks(), ids=lambda mask: mask.name)
def test_specs_are_json_and_read_back(mask: Mask) -> None:
    spec = json.loads(json.dumps(mask.spec()))
    assert read_mask(spec, "none").spec() == spec
    assert bool(mask.label) == (mask.name != "keep")


def test_labels_say_what_column_heads_say() -> None:
    assert read_mask({"mask": "last", "n": 2}, "account").label == "last 2"
    assert read_mask("ip", "ip").label == "IP /24, /48"
    assert Own((), read_mask("type", "card")).label == "own only, type only"


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("hash", "mask 'hash'. Allowed: keep, remove"),
        (7, "mask 7"),
        ({"n": 4}, "mask None"),
        ({"mask": "last", "m": 4}, "unknown key 'm'. Allowed for last: n"),
        ({"mask": "keep", "n": 4}, "Allowed for keep: none"),
        ({"mask": "last", "n": 7}, "n = 7. Allowed: whole numbers 1 to 6"),
        ({"mask": "last", "n": True}, "n = True"),
        ({"mask": "ip", "v4": 32}, "v4 = 32"),
        ({"mask": "token", "class": "x"}, "class = 'x'"),
        ({"mask": "own", "inner": "own"}, "own inside own"),
        ({"mask": "own", "owners": "actor.id"}, "owners = 'actor.id'"),
    ],
)
def test_bad_masks_are_named(spec: object, says: str) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(says)):
        read_mask(spec, "none")


def test_keep_opens_everything() -> None:
    assert Keep().opened(pa.array(["a", None])).to_pylist() == [True, True]
