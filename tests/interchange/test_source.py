"""Sources: folders expanded, batches cut by content, digests and made ids that never move."""

import os
from pathlib import Path

import pytest

from affidavit.errors import InvalidEvent, InvalidRequest
from affidavit.event import EVENT_BYTES_MAX
from affidavit.interchange import source
from affidavit.interchange.source import Item, Origin, digest, expand, group, made_id, screen
from affidavit.interchange.stream import Stream

ORIGIN = Origin(b"jsonl", b"", b"a.jsonl")


def test_a_folder_is_expanded_recursively_in_order_and_a_file_taken_as_it_is(tmp_path):
    names = ["b.json", "a/z.jsonl", "a/y.NDJSON", "a/x.json.gz", "c/d/e.ndjson.gz", "n.txt", "n.gz", "s.log"]
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = expand([tmp_path / "s.log", tmp_path])
    assert [path.relative_to(tmp_path).as_posix() for path in found] == [
        "s.log", "a/x.json.gz", "a/y.NDJSON", "a/z.jsonl", "b.json", "c/d/e.ndjson.gz",
    ]  # fmt: skip


def test_no_file_comes_twice_and_a_circle_of_links_ends(tmp_path):
    (tmp_path / "a.json").touch()
    (tmp_path / "link.json").symlink_to(tmp_path / "a.json")
    (tmp_path / "circle").symlink_to(tmp_path)
    assert expand([str(tmp_path), tmp_path / "a.json", tmp_path]) == [tmp_path / "a.json"]


def test_a_missing_path_is_named_and_an_empty_folder_is_nothing(tmp_path):
    assert expand([tmp_path]) == []
    with pytest.raises(InvalidRequest, match=r"gone\.json: no such file or folder"):
        expand([tmp_path / "gone.json"])


def batches(items, size=1000):
    return list(group(Path("d/a.jsonl"), ORIGIN, Stream(Path("unread")), items, size))


def test_batches_are_cut_by_count_and_by_bytes(monkeypatch):
    items = [Item(number, b"%d" % number) for number in range(3, 10)]
    assert [(b.source, b.first, len(b.items)) for b in batches(items, 3)] == [
        ("d/a.jsonl", 3, 3), ("d/a.jsonl", 6, 3), ("d/a.jsonl", 9, 1),
    ]  # fmt: skip
    monkeypatch.setattr(source, "BATCH_BYTES_MAX", 4)
    assert [len(b.items) for b in batches(items)] == [4, 3]
    with pytest.raises(InvalidRequest, match="batch size 0"):
        batches(items, 0)


def test_what_was_read_before_damage_comes_before_the_error():
    def damaged():
        yield Item(1, b"a")
        raise InvalidRequest("damaged")

    found = group(Path("a"), ORIGIN, Stream(Path("a")), damaged(), 10)
    assert next(found).items == [Item(1, b"a")]
    with pytest.raises(InvalidRequest, match="damaged"):
        next(found)


def test_a_digest_moves_with_every_part_and_with_nothing_else():
    items = [Item(1, b"ab"), Item(2, b"c")]
    variants = [
        (ORIGIN, items),
        (ORIGIN._replace(format=b"other"), items),
        (ORIGIN._replace(label=b"l"), items),
        (ORIGIN._replace(name=b"b.jsonl"), items),
        (Origin(b"json", b"l", b"a.jsonl"), items),
        (ORIGIN, [Item(1, b"a"), Item(2, b"bc")]),
        (ORIGIN, [Item(1, b"abc")]),
        (ORIGIN, [Item(2, b"ab"), Item(3, b"c")]),
        (ORIGIN, [Item(1, b"ab"), Item(3, b"c")]),
        (ORIGIN, [Item(1, b"ab", size=99), Item(2, b"c")]),
    ]
    assert len({digest(*variant) for variant in variants}) == len(variants)
    assert digest(ORIGIN, items) == digest(ORIGIN, [item._replace(origin=ORIGIN) for item in items])
    assert digest(ORIGIN, items).hex() == "4591c4d3f19e39a6ee9b1feb919d94d0f9baa1c7c152509ae149bf474de7655c"


def test_a_made_id_is_fixed_for_ever():
    item = Item(7, b'{"action":"a"}', ORIGIN._replace(label=b"hr"))
    named, plain = made_id(item, named=True), made_id(item, named=False)
    assert str(named) == "41bdcb93-7d6b-8eaa-8245-191356adb972"
    assert str(plain) == "a8e109d3-d4bc-8eab-a522-e0db8ed52f60"
    assert {named.version, plain.version} == {8}
    assert named.variant == plain.variant == "specified in RFC 4122"
    others = [
        item._replace(line=8), item._replace(raw=b'{"action":"b"}'),
        item._replace(origin=ORIGIN), item._replace(origin=item.origin._replace(format=b"x")),
    ]  # fmt: skip
    assert len({made_id(other, named=False) for other in [item, *others]}) == 5
    assert made_id(item._replace(origin=item.origin._replace(name=b"b")), named=False) == plain
    assert made_id(item._replace(origin=item.origin._replace(name=b"b")), named=True) != named


def test_compressing_a_file_changes_no_id():
    assert Origin.of("jsonl", "", Path("x/a.jsonl.gz")) == Origin.of("jsonl", "", Path("y/a.jsonl")) == ORIGIN


@pytest.mark.parametrize("label", ["a\0b", "\ud800", "x" * 257])
def test_a_label_is_well_formed_text(label):
    with pytest.raises(InvalidRequest, match="label"):
        Origin.of("jsonl", label, Path("a"))


def test_a_name_that_is_no_text_is_an_origin_all_the_same():
    assert Origin.of("jsonl", "", Path(os.fsdecode(b"\xff.json"))).name == b"\xff.json"


def test_screening_names_bytes_and_sizes():
    screen(Item(1, "Zoë".encode()))
    with pytest.raises(InvalidEvent, match="byte 0xff at position 3 is not UTF-8"):
        screen(Item(1, b"ab\xff"))
    with pytest.raises(InvalidEvent, match=f"event of 2000000 bytes, at most {EVENT_BYTES_MAX}"):
        screen(Item(1, b"ab", size=2_000_000))
    with pytest.raises(InvalidEvent, match=f"event of {EVENT_BYTES_MAX + 1} bytes"):
        screen(Item(1, b"x" * (EVENT_BYTES_MAX + 1)))
