"""Documents: split by the decoder when sound, by brackets when damaged, with the same result."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affidavit.interchange.document import Truncated, _split, records

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "}", "{[", '"', "\\", 'a"Records":[', "é"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "Records", '"']), inner, max_size=3)
    ),
    max_leaves=10,
)
RECORDS = st.lists(st.dictionaries(st.sampled_from(["a", "Records", "}"]), VALUES, max_size=2), max_size=4)


def decoded(found):
    return [json.loads(raw) for raw in found]


@settings(max_examples=40)
@given(made=RECORDS, indent=st.sampled_from([None, 1]), bare=st.booleans(), extra=st.booleans())
def test_both_ways_find_the_records(made, indent, bare, extra):
    value = made if bare else {"v": {"Records": [1]}, "Records": made, "w": [{}]} if extra else {"Records": made}
    data = json.dumps(value, indent=indent).encode()
    assert decoded(records(data, "Records")) == made
    assert decoded(_split(data, "Records")) == made


@settings(max_examples=40)
@given(made=RECORDS, data=st.data())
def test_a_text_that_ends_early_gives_its_whole_records(made, data):
    text = json.dumps({"Records": made}).encode()
    cut = data.draw(st.integers(1, len(text) - 1))
    got = []
    with pytest.raises(Truncated):
        got.extend(records(text[:cut], "Records"))
    assert decoded(got) == made[: len(got)]


@settings(max_examples=40)
@given(st.lists(RECORDS, min_size=2, max_size=3))
def test_texts_one_after_another_are_one_document(many):
    data = b"".join(json.dumps({"Records": made}).encode() for made in many)
    assert decoded(records(data, "Records")) == [record for made in many for record in made]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", []),
        (b" \n", []),
        (b'{"a":1}', [b'{"a":1}']),
        (b' {"a":1}\n{"a":2} ', [b'{"a":1}', b'{"a":2}']),
        (b'{"Records":[{"a":NaN},{"a":1}]}', [b'{"a":NaN}', b'{"a":1}']),
        (b'{"Records":[{"a":1},oops,{"a":2}]}', [b'{"a":1}', b"oops", b'{"a":2}']),
        (b'[{"a":1},]', [b'{"a":1}']),
        (b'[{"a":1}] tail', [b'{"a":1}', b"tail"]),
        (b'[{"a":1}]]', [b'{"a":1}', b"]"]),
        (b'[1,"x",null]', [b"1", b'"x"', b"null"]),
        (b"plainly no json", [b"plainly no json"]),
        (b'{"Records":7}', [b'{"Records":7}']),
    ],
)
def test_one_bad_record_stands_alone(data, found):
    assert list(records(data, "Records")) == found


def test_depth_is_no_harm():
    deep = b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    assert list(records(b'{"Records":[{"a":1},' + deep + b"]}", "Records")) == [b'{"a":1}', deep]
