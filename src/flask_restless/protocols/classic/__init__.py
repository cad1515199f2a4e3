"""The classic wire format, that of Flask-Restless 0.6 to 0.17."""

from .protocol import Classic

__all__ = ["Classic"]
