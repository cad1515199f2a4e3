"""Django REST framework JSON:API: no browsable pages, no users, no middleware; what is included is prefetched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application

from ..questions import Question, standard

PACKAGES = ("djangorestframework-jsonapi", "djangorestframework", "Django", "psycopg")
PROTOCOL = "jsonapi"

FIELDS = "fields[articles]=title,body,views,published,created_at,author"


def questions(articles: int) -> dict[str, Question]:
    """Ask leanly: unless they are included, comments and tags are left out by a fieldset, not read for their ids."""
    return {
        key: question if key == "50+3" else replace(question, query=f"{question.query}&{FIELDS}".lstrip("&"))
        for key, question in standard(articles).items()
    }


def database(url: str) -> dict[str, Any]:
    """Give Django's settings for the database at `url`."""
    parts = urlsplit(url)
    if parts.scheme.startswith("sqlite"):
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": url.removeprefix("sqlite:///")}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "HOST": parts.hostname,
        "PORT": parts.port,
        "USER": parts.username,
        "PASSWORD": parts.password or "",
    }


def configure(url: str) -> None:
    """Set Django up."""
    package = "rest_framework_json_api"
    settings.configure(
        DEBUG=False,
        DEBUG_PROPAGATE_EXCEPTIONS=True,
        USE_TZ=False,
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="benchmark",
        APPEND_SLASH=False,
        ROOT_URLCONF=f"{__package__}.drf_blog.urls",
        MIDDLEWARE=[],
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "rest_framework",
            package,
            "django_filters",
            f"{__package__}.drf_blog",
        ],
        DATABASES={"default": database(url) | {"CONN_MAX_AGE": None}},
        REST_FRAMEWORK={
            "EXCEPTION_HANDLER": f"{package}.exceptions.exception_handler",
            "DEFAULT_PARSER_CLASSES": (f"{package}.parsers.JSONParser",),
            "DEFAULT_RENDERER_CLASSES": (f"{package}.renderers.JSONRenderer",),
            "DEFAULT_METADATA_CLASS": f"{package}.metadata.JSONAPIMetadata",
            "DEFAULT_FILTER_BACKENDS": (
                f"{package}.filters.OrderingFilter",
                f"{package}.django_filters.DjangoFilterBackend",
            ),
            "DEFAULT_AUTHENTICATION_CLASSES": (),
            "DEFAULT_PERMISSION_CLASSES": (),
            "UNAUTHENTICATED_USER": None,
        },
    )
    django.setup()


def create_app(url: str) -> Any:
    """Serve the blog at `url`."""
    configure(url)
    return get_wsgi_application()
