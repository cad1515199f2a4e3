"""Several customers in one database: `scope` hides the rows of the others, new ones are the caller's."""

from secrets import token_hex

from flask import Flask, abort, request, session
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, Engine, ForeignKey, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Mapper, mapped_column, relationship, sessionmaker

from flask_restless import APIManager, Rules


class Base(DeclarativeBase):
    pass


class Owned:
    """A row that belongs to one tenant, who is the one that stores it."""

    tenant: Mapped[str] = mapped_column(index=True)


class Project(Owned, Base):
    __tablename__ = "projects"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    tasks: Mapped[list["Task"]] = relationship(back_populates="project")


class Task(Owned, Base):
    __tablename__ = "tasks"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    project: Mapped[Project | None] = relationship(back_populates="tasks")


@event.listens_for(Owned, "before_insert", propagate=True)
def mark(_mapper: Mapper[Owned], _connection: object, row: Owned) -> None:
    if row.tenant is None:
        row.tenant = session["tenant"]


def mine(model: type[Owned]) -> ColumnElement[bool]:
    return model.tenant == session["tenant"]


def create_app(engine: Engine | None = None) -> Flask:
    engine = engine or create_engine("sqlite:///projects.sqlite")
    Base.metadata.create_all(engine)
    app = Flask(__name__)
    app.secret_key = token_hex(32)  # read yours from the environment: sessions end with this one

    @app.post("/enter/<tenant>")
    def enter(tenant: str) -> ResponseReturnValue:
        session["tenant"] = tenant  # where yours checks a password
        return "", 204

    @app.before_request
    def check_tenant() -> None:
        if request.path.startswith("/api") and "tenant" not in session:
            abort(401)

    manager = APIManager(app, session=sessionmaker(engine))
    for model in (Project, Task):
        manager.create_api(
            model, methods=["GET", "POST", "PATCH", "DELETE"], exclude=["tenant"], exports=True, rules=Rules(scope=mine)
        )
    return app
