"""Flask-Restless: a complete ReSTful JSON API of your SQLAlchemy models."""

from .manager import APIManager
from .operations.exceptions import ProcessingException
from .operations.problems import Problem, Rejected, Source
from .schema.options import IllegalArgumentError, Limits
from .schema.types import Codec, Unfit

__all__ = [
    "APIManager",
    "Codec",
    "IllegalArgumentError",
    "Limits",
    "Problem",
    "ProcessingException",
    "Rejected",
    "Source",
    "Unfit",
]
