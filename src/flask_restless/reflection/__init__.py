"""An existing database as mapped models: for the server that needs no code.

It stands alone: it knows of SQLAlchemy, and of nothing else in here.
"""

from .database import Reflected, Skipped, reflect
from .tolerant import read_any_value

__all__ = ["Reflected", "Skipped", "read_any_value", "reflect"]
