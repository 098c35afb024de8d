"""fsck: every change to what is stored is found, and named by index where there is one."""

import json
from uuid import uuid4

import pytest
from sqlalchemy import delete, select, update

from affidavit.errors import IntegrityError
from affidavit.log.fsck import fsck
from affidavit.log.schema import checkpoints, event_ids, journal, logs

SIZE = 8


@pytest.fixture
def full(log, clock):
    """Eight entries in eight commits a second apart, with a checkpoint at 5 and at 8."""
    for n in range(SIZE):
        clock.now += 1_000_000
        log.record(f"a{n}", id=uuid4(), actor=f"u{n}", message="m", details={"n": n}, change={"after": {"x": None}})
        if n + 1 in (5, SIZE):
            log.pin()
    return log


def row_of(log, index):
    where = (journal.c.log_id == log.tenant.log("main").id, journal.c.idx == index)
    with log.database.read() as connection:
        return connection.execute(select(journal).where(*where)).one()._mapping


def change(log, index, **values):
    where = (journal.c.log_id == log.tenant.log("main").id, journal.c.idx == index)
    with log.database.write() as connection:
        connection.execute(update(journal).where(*where).values(**values))


def head(log, **values):
    with log.database.write() as connection:
        connection.execute(update(logs).where(logs.c.id == log.tenant.log("main").id).values(**values))


def found(log):
    with pytest.raises(IntegrityError) as caught:
        fsck(log, "main")
    assert caught.value.hint
    assert log.tenant.log("main").origin in str(caught.value)
    return caught.value.message


def test_a_clean_log(full):
    seen = []
    result = fsck(full, "main", lambda done, size: seen.append((done, size)))
    assert (result.origin, result.stream, result.size, result.checkpoints) == (
        full.tenant.log("main").origin, "main", SIZE, 2,
    )  # fmt: skip
    assert result.root == full.pin().root
    assert seen[-1] == (SIZE, SIZE)


def test_an_empty_log(log):
    assert fsck(log, "main").size == 0
    log.pin()
    assert fsck(log, "main").checkpoints == 1


def flip(value):
    """Each value with one byte changed, in the first, a middle and the last place."""
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, bytes):
        spots = sorted({0, len(value) // 2, len(value) - 1})
        return [value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :] for at in spots]
    return [value[:at] + ("j" if value[at] != "j" else "s") + value[at + 1 :] for at in range(len(value))]


@pytest.mark.parametrize("column", [c.name for c in journal.columns if c.name not in ("log_id", "idx")])
@pytest.mark.parametrize("index", [0, 3, SIZE - 1])
def test_a_changed_byte_in_every_column(full, column, index):
    """Every place of the short texts and of the fields; three places of the hashes."""
    whole = row_of(full, index)[column]
    for value in flip(whole):
        change(full, index, **{column: value})
        message = found(full)
        assert f"entry {index} " in message or (column == "t_us" and f"entry {index + 1} " in message), (value, message)
    change(full, index, **{column: whole})
    assert fsck(full, "main").size == SIZE


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda text: text.replace('":"', '": "', 1),
        lambda text: text + " ",
        lambda text: text.replace("{", '{"actor.id":"somebody else",', 1),
        lambda text: text.replace('"u3"', '"\\u0075\\u0033"'),
        lambda text: text.replace('"message":"m"', '"message":"m","zzz":"m"'),
        lambda text: json.dumps(dict(reversed(json.loads(text).items())), separators=(",", ":")),
        lambda text: text.replace("null", '""'),
        lambda text: "{}",
        lambda text: "[]",
        lambda text: "",
    ],
)
def test_fields_written_otherwise(full, rewrite):
    """Also where the commitment can't tell, for two readers might: a key twice, white space, null for empty text."""
    text = row_of(full, 3)["fields"]
    assert rewrite(text) != text
    change(full, 3, fields=rewrite(text))
    assert "entry 3 " in found(full)


def test_a_row_that_moved(full):
    change(full, 3, idx=SIZE + 3)
    assert f"entry {SIZE + 3} " in found(full)
    change(full, SIZE + 3, idx=3)
    change(full, 3, log_id=full.tenant.log("access").id)
    assert "entry 3 is missing" in found(full)
    with pytest.raises(IntegrityError, match="entry 3 "):
        fsck(full, "access")


@pytest.mark.parametrize("index", range(SIZE))
def test_a_deleted_row(full, index):
    where = (journal.c.log_id == full.tenant.log("main").id, journal.c.idx == index)
    with full.database.write() as connection:
        connection.execute(delete(journal).where(*where))
    assert f"entry {index} is missing" in found(full)


@pytest.mark.parametrize(("one", "other"), [(0, 1), (2, 6), (6, 7)])
def test_swapped_rows(full, one, other):
    change(full, one, idx=-1)
    change(full, other, idx=one)
    change(full, -1, idx=other)
    assert f"entry {one + 1} has a time" in found(full)


def test_swapped_rows_of_one_time(log):
    log.record_many([{"action": "a"}, {"action": "b"}])
    change(log, 0, idx=-1)
    change(log, 1, idx=0)
    change(log, -1, idx=1)
    assert "the tree kept for size 2" in found(log)


def test_a_row_rewritten_with_all_its_hashes(full):
    """Whoever rewrites entry and head still meets the checkpoint that was signed."""
    from affidavit.commitment import entry_bytes, format_time
    from affidavit.tlog.merkle import Frontier, leaf_hash

    row = row_of(full, 2)
    at, t = format_time(row["at_us"]), format_time(row["t_us"])
    leaf = leaf_hash(entry_bytes("b", at, row["c"], row["outcome"], t))
    change(full, 2, action="b", leaf=leaf)
    frontier = Frontier()
    frontier.extend([row_of(full, n)["leaf"] for n in range(SIZE)])
    head(full, frontier=frontier.to_bytes())
    assert "checkpoint of size 5" in found(full)


def test_a_log_cut_off_at_its_end_with_the_head(full):
    from affidavit.tlog.merkle import Frontier

    frontier = Frontier()
    frontier.extend([row_of(full, n)["leaf"] for n in range(6)])
    with full.database.write() as connection:
        connection.execute(delete(journal).where(journal.c.log_id == full.tenant.log("main").id, journal.c.idx >= 6))
    head(full, size=6, frontier=frontier.to_bytes(), t_us=row_of(full, 5)["t_us"])
    assert f"checkpoint of size {SIZE} was signed, but the log ends at 6" in found(full)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"size": SIZE + 1}, f"entry {SIZE} is missing"),
        ({"size": SIZE - 1}, f"entry {SIZE - 1} lies past the log's end"),
        ({"frontier": bytes(32)}, "the tree kept"),
        ({"frontier": b""}, "the tree kept"),
        ({"t_us": 1}, "its clock stands at 1"),
        ({"t_us": 2**60}, "its clock stands at"),
    ],
)
def test_a_changed_head(full, values, words):
    head(full, **values)
    assert words in found(full)


def test_a_changed_checkpoint(full):
    where = (checkpoints.c.log_id == full.tenant.log("main").id, checkpoints.c.size == 5)
    with full.database.read() as connection:
        note = connection.execute(select(checkpoints.c.note).where(*where)).scalar_one()
    places = [0, note.index(b"\n5\n") + 1, note.index(b"\n5\n") + 5, len(note) - 10, len(note) - 1]
    for at in places:
        changed = note[:at] + bytes([note[at] ^ 1]) + note[at + 1 :]
        with full.database.write() as connection:
            connection.execute(update(checkpoints).where(*where).values(note=changed))
        assert "checkpoint of size 5" in found(full)
    with full.database.write() as connection:
        connection.execute(update(checkpoints).where(*where).values(note=full.pin().note))
    assert "checkpoint of size 5" in found(full)


def test_an_id_that_points_nowhere(full):
    with full.database.write() as connection:
        connection.execute(update(event_ids).where(event_ids.c.idx == 3).values(idx=SIZE))
    assert f"entry {SIZE}" in found(full)


def test_a_damaged_log_stops_pins_and_proofs_of_what_is_damaged(full):
    from affidavit.log.proofs import prove

    change(full, 3, action="forged")
    with pytest.raises(IntegrityError, match="entry 3"):
        prove(full, "main", 3)
