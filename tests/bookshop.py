"""The one example domain of the suite: the bookshop that ships with the package.

`flask_restless.demo.models` tells in a table which relationship kind, key, inheritance and column type is where.  Fill
the tables with `populate(session, small=True)`: a few hundred rows, the same every time.
"""

from flask_restless.demo.data import SMALL, make_rows, populate
from flask_restless.demo.models import *  # noqa: F403  (all of them, by another name)
from flask_restless.demo.models import MODELS, Base

__all__ = ["MODELS", "SMALL", "Base", "make_rows", "populate"]
