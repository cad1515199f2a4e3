"""The `flask-restless` command, and `flask restless` inside an application of its user's own.

One file for each subcommand.
"""

from __future__ import annotations

import click

from .check_migration import check_migration
from .demo import demo
from .routes import routes
from .serve import serve


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="Flask-Restless")
def main() -> None:
    """A JSON:API of SQLAlchemy models, or of a database as it is."""


main.add_command(check_migration)
main.add_command(demo)
main.add_command(serve)


@click.group()
def restless() -> None:
    """Look at the APIs of this application."""


restless.add_command(routes)

__all__ = ["main", "restless"]
