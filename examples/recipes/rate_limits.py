"""Rate limits with Flask-Limiter: few writes, more reads, for each address."""

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

from flask_restless import APIManager


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


def is_reading() -> bool:
    return request.method in ("GET", "HEAD", "OPTIONS")


def create_app(engine: Engine | None = None) -> Flask:
    engine = engine or create_engine("sqlite:///notes.sqlite")
    Base.metadata.create_all(engine)
    app = Flask(__name__)
    # Several processes share their counts in Redis: storage_uri="redis://localhost".
    limiter = Limiter(get_remote_address, app=app, headers_enabled=True, storage_uri="memory://")
    manager = APIManager(app, session=sessionmaker(engine))
    notes = manager.create_api(Note, methods=["GET", "POST", "PATCH", "DELETE"])
    limiter.limit("20 per minute")(notes)
    limiter.limit("3 per minute", exempt_when=is_reading)(notes)
    return app
