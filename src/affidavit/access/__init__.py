"""Access: who may do what. Principals and roles (pure), API keys and people (SQL)."""
