"""Runs an application behind a real WSGI server, and tells what it serves and where."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from importlib.util import find_spec
from signal import SIGTERM, default_int_handler, signal
from threading import current_thread, main_thread

import click
from flask import Flask

from ..manager import APIManager

PORT = click.IntRange(0, 65535)
"""The ports that there are; 0 for any that is free."""


def run(app: Flask, lines: Iterable[str], host: str, port: int) -> None:
    """Print `lines` and serve `app` until interrupted; ClickException if the server is missing or the port taken.

    SIGTERM, which service managers and containers send, ends it like Ctrl+C: what runs is answered, and what is
    temporary goes.
    """
    if find_spec("waitress") is None:
        raise click.ClickException("no WSGI server is installed; pip install 'Flask-Restless[serve]' brings one")
    from waitress.server import create_server

    try:
        server = create_server(app, host=host, port=port, threads=8, ident="Flask-Restless")
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another with --port"
        ) from None
    except ValueError:  # what waitress makes of a name that nobody can resolve
        raise click.ClickException(f"{host!r} is no address to listen on; choose another with --host") from None
    if current_thread() is main_thread():
        signal(SIGTERM, default_int_handler)
    for line in lines:
        click.echo(line)
    click.echo(f"Listening on {base_of(host, server.effective_port)}  (Ctrl+C ends it)")
    server.run()


def base_of(host: str, port: int) -> str:
    """Give what stands before every path; nothing for port 0, which the system has yet to choose."""
    return f"http://{_shown(host)}:{port}" if port else ""


def _shown(host: str) -> str:
    if host in {"0.0.0.0", "::"}:  # noqa: S104  (what the user chose, made into something to click on)
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


def table_of(manager: APIManager, base: str) -> list[str]:
    """List every API of `manager`: its URL, its methods, its relationships."""
    width = max((len(one.path) for one in manager.resources), default=0)
    lines = []
    for resource in manager.resources:
        methods = ",".join(sorted(resource.options.methods, key=["GET", "POST", "PATCH", "DELETE"].index))
        related = ", ".join(sorted(resource.relationships)) or "-"
        lines.append(f"  {base}{resource.path.ljust(width)}  {methods}  relationships: {related}")
    return lines
