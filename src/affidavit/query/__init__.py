"""Queries over a log: one tree, two forms (text, JSON), two executions (three-valued, DuckDB SQL)."""
