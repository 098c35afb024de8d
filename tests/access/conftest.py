"""Accounts live in SQL: each test runs on SQLite and on a real PostgreSQL."""

import pytest
from argon2 import PasswordHasher

from affidavit.access import people
from tests.contract.conftest import database_url, postgres_server

__all__ = ["database_url", "postgres_server"]


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    """A password's hash takes long on purpose; here it would take most of the time."""
    monkeypatch.setattr(people, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    people._nobody.cache_clear()
