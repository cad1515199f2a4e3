"""Execution: the only place with a Session."""
