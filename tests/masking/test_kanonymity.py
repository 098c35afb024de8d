"""k-anonymity: groups as counted by hand, empty cells as values, edges."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.errors import InvalidRequest
from affidavit.masking.kanonymity import check

ROWS = st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from(["x", None]), st.integers(0, 3)))


@given(ROWS, st.integers(1, 6))
def test_groups_are_counted_as_by_hand(rows: list[tuple[str | None, str | None, int]], k: int) -> None:
    table = pa.table(
        {
            "zip": pa.array([row[0] for row in rows], pa.string()),
            "sex": pa.array([row[1] for row in rows], pa.string()),
            "grade": pa.array([row[2] for row in rows], pa.int64()),
        }
    )
    found = check(table, ["zip", "sex"], k=k, sensitive="grade")
    sizes = Counter(row[:2] for row in rows)
    under = [size for size in sizes.values() if size < k]
    assert found.smallest == min(sizes.values(), default=0)
    assert (found.groups, found.groups_under_k, found.rows_under_k) == (len(sizes), len(under), sum(under))
    distinct = [len({row[2] for row in rows if row[:2] == group}) for group in sizes]
    assert found.diversity == min(distinct, default=0)
    assert found.holds == (not under)
    assert found.rows == len(rows)


def test_default_is_eleven() -> None:
    assert check(pa.table({"a": ["x"] * 11}), ["a"]).holds
    assert not check(pa.table({"a": ["x"] * 10}), ["a"]).holds


@pytest.mark.parametrize(("columns", "k", "says"), [([], 5, "0 columns"), (["a"], 0, "k = 0"), (["b"], 5, "'b'")])
def test_bad_requests_are_named(columns: list[str], k: int, says: str) -> None:
    with pytest.raises(InvalidRequest, match=says):
        check(pa.table({"a": ["x"]}), columns, k=k)


def test_an_unknown_sensitive_column_is_named() -> None:
    with pytest.raises(InvalidRequest, match="no column 'g'"):
        check(pa.table({"a": ["x"]}), ["a"], sensitive="g")
