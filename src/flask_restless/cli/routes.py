"""`flask restless routes`: every API of the application, its methods and its relationships."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from .server import table_of


@click.command()
@with_appcontext
def routes() -> None:
    """List the APIs of this application."""
    managers = current_app.extensions.get("restless", [])
    if not managers:
        raise click.ClickException("this application has no APIManager; APIManager(app, session=...) makes one")
    for manager in managers:
        for line in table_of(manager, ""):
            click.echo(line)
