"""Alembic migrations, run by `Database.prepare`."""
