"""JSON:API 1.1, to the letter."""

from .protocol import JsonApi

__all__ = ["JsonApi"]
