"""A bookshop to try things on: `models` is its domain, `data` fills it.

`flask-restless demo` serves it, and the tests use it as their one example domain.  It imports SQLAlchemy only.
"""

from .data import populate
from .models import Base

__all__ = ["Base", "populate"]
