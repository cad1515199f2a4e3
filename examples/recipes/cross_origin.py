"""Cross-origin requests with flask-cors: one front end on another origin, and nobody else."""

from flask import Flask
from flask_cors import CORS
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

from flask_restless import APIManager


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


def create_app(engine: Engine | None = None) -> Flask:
    engine = engine or create_engine("sqlite:///notes.sqlite")
    Base.metadata.create_all(engine)
    app = Flask(__name__)
    CORS(
        app,
        resources={r"/api/.*": {"origins": "https://shop.example.com"}},
        methods=["GET", "POST", "PATCH", "DELETE"],
        allow_headers=["Content-Type", "Authorization", "If-Match", "Idempotency-Key", "Prefer"],
        expose_headers=["Location", "ETag", "Link", "Retry-After"],
    )
    manager = APIManager(app, session=sessionmaker(engine))
    manager.create_api(Note, methods=["GET", "POST", "PATCH", "DELETE"])
    return app
