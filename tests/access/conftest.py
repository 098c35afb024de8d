"""Accounts live in SQL: each test runs on SQLite and on a real PostgreSQL."""

from tests.contract.conftest import database_url, postgres_server

__all__ = ["database_url", "postgres_server"]
