"""Sessions of a browser with Flask-Login: members read, editors write."""

from secrets import token_hex

from flask import Flask, abort, request
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from werkzeug.security import check_password_hash

from flask_restless import APIManager, ProcessingException


class Base(DeclarativeBase):
    pass


class User(UserMixin, Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    is_editor: Mapped[bool] = mapped_column(default=False)


class Article(Base):
    __tablename__ = "articles"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]


def only_editors(**_: object) -> None:
    if not current_user.is_editor:
        raise ProcessingException(detail="only editors may do this", status=403)


def create_app(engine: Engine | None = None) -> Flask:
    engine = engine or create_engine("sqlite:///articles.sqlite")
    Base.metadata.create_all(engine)
    app = Flask(__name__)
    app.secret_key = token_hex(32)  # read yours from the environment: sessions end with this one
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    logins = LoginManager(app)

    @logins.user_loader
    def load(id_: str) -> User | None:
        with Session(engine) as session:
            return session.get(User, int(id_))

    @app.post("/login")
    def login() -> ResponseReturnValue:
        with Session(engine) as session:
            user = session.scalar(select(User).where(User.name == request.form["name"]))
        if user is None or not check_password_hash(user.password_hash, request.form["password"]):
            abort(401)
        login_user(user)
        return "", 204

    @app.before_request
    def check_login() -> None:
        if request.path.startswith("/api/") and not current_user.is_authenticated:
            abort(401)

    writing = ("POST_RESOURCE", "PATCH_RESOURCE", "DELETE_RESOURCE")
    manager = APIManager(
        app,
        session=sessionmaker(engine),
        atomic=False,
        preprocessors={name: [only_editors] for name in writing},
    )
    manager.create_api(Article, methods=["GET", "POST", "PATCH", "DELETE"])
    return app
