"""Alembic's environment and the scripts that bring an older database up to date."""
