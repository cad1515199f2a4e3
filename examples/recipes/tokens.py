"""Bearer tokens with Flask-JWT-Extended: `POST /login` gives one, and everything below `/api` wants it."""

from datetime import timedelta
from secrets import token_hex

from flask import Flask, abort, jsonify, request
from flask.typing import ResponseReturnValue
from flask_jwt_extended import JWTManager, create_access_token, verify_jwt_in_request
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from werkzeug.security import check_password_hash

from flask_restless import APIManager


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


def create_app(engine: Engine | None = None) -> Flask:
    engine = engine or create_engine("sqlite:///notes.sqlite")
    Base.metadata.create_all(engine)
    app = Flask(__name__)
    app.config["JWT_SECRET_KEY"] = token_hex(32)  # read yours from the environment: tokens end with this one
    app.config["JWT_ACCESS_TOKEN_EXPIRES"] = timedelta(minutes=15)
    JWTManager(app)

    @app.post("/login")
    def login() -> ResponseReturnValue:
        given = request.get_json()
        with Session(engine) as session:
            user = session.scalar(select(User).where(User.name == given["name"]))
        if user is None or not check_password_hash(user.password_hash, given["password"]):
            abort(401)
        return jsonify(token=create_access_token(identity=str(user.id)))

    @app.before_request
    def check_token() -> None:
        # Browsers ask OPTIONS without credentials before they send a request to another origin.
        if request.path.startswith("/api/") and request.method != "OPTIONS":
            verify_jwt_in_request()

    manager = APIManager(app, session=sessionmaker(engine))
    manager.create_api(Note, methods=["GET", "POST", "PATCH", "DELETE"])
    manager.create_api(User, exclude=["password_hash"])
    return app
