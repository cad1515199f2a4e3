"""The same blog, served by Flask-Restless with the linkage of all relationships, as some peers show it."""

from __future__ import annotations

from flask import Flask

from .ours import PACKAGES, PROTOCOL, serve
from .questions import standard as questions

__all__ = ["PACKAGES", "PROTOCOL", "create_app", "questions"]


def create_app(url: str) -> Flask:
    """Serve the blog with `linkage="always"`."""
    return serve(url, linkage="always")
