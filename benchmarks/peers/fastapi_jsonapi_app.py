"""FastAPI-JSONAPI, on an asynchronous engine as in its documentation."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any, ClassVar

from fastapi import Depends, FastAPI
from fastapi_jsonapi import ApplicationBuilder
from fastapi_jsonapi.misc.sqla.generics.base import ViewBaseGeneric
from fastapi_jsonapi.types_metadata import RelationshipInfo
from fastapi_jsonapi.views import Operation, OperationConfig, ViewBase
from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from .. import blog
from ..questions import Question, standard

PACKAGES = ("FastAPI-JSONAPI", "fastapi", "pydantic", "SQLAlchemy", "aiosqlite", "psycopg")
PROTOCOL = "jsonapi"
ASYNCHRONOUS = True

REMARK = "orders lists by nothing unless a sort names an attribute; the id is none"
FILTER = 'filter=[{"name":"published","op":"eq","val":true}]'
questions: partial[dict[str, Question]] = partial(standard, ending="/", filtered=FILTER)


class Author(BaseModel):
    """The blog's author."""

    model_config = ConfigDict(from_attributes=True)
    name: str
    email: str
    articles: Annotated[list[Article] | None, RelationshipInfo(resource_type="articles", many=True)] = None


class Article(BaseModel):
    """The blog's article."""

    model_config = ConfigDict(from_attributes=True)
    title: str
    body: str
    views: int
    published: bool
    created_at: datetime
    author: Annotated[Author | None, RelationshipInfo(resource_type="authors")] = None
    comments: Annotated[list[Comment] | None, RelationshipInfo(resource_type="comments", many=True)] = None
    tags: Annotated[list[Tag] | None, RelationshipInfo(resource_type="tags", many=True)] = None


class ArticleChange(BaseModel):
    """What a PATCH may say."""

    model_config = ConfigDict(from_attributes=True)
    title: str | None = None


class Comment(BaseModel):
    """The blog's comment."""

    model_config = ConfigDict(from_attributes=True)
    body: str
    article: Annotated[Article | None, RelationshipInfo(resource_type="articles")] = None


class Tag(BaseModel):
    """The blog's tag."""

    model_config = ConfigDict(from_attributes=True)
    name: str
    articles: Annotated[list[Article] | None, RelationshipInfo(resource_type="articles", many=True)] = None


for schema in (Author, Article, Comment, Tag):
    schema.model_rebuild()


def create_app(url: str) -> FastAPI:
    """Serve the blog at `url`."""
    engine = create_async_engine(url.replace("sqlite:", "sqlite+aiosqlite:", 1))
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    async def open_session() -> Any:
        async with sessions() as session:
            yield session

    class Dependencies(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)
        session: AsyncSession = Depends(open_session)

    def keywords(_view: ViewBase, given: Dependencies) -> dict[str, Any]:
        return {"session": given.session}

    class View(ViewBaseGeneric):
        operation_dependencies: ClassVar[dict[Operation, OperationConfig]] = {
            Operation.ALL: OperationConfig(dependencies=Dependencies, prepare_data_layer_kwargs=keywords)
        }

    app = FastAPI()
    builder = ApplicationBuilder(app)
    for model, schema, name in (
        (blog.Author, Author, "authors"),
        (blog.Article, Article, "articles"),
        (blog.Comment, Comment, "comments"),
        (blog.Tag, Tag, "tags"),
    ):
        changes = {"schema_in_patch": ArticleChange} if schema is Article else {}
        builder.add_resource(
            path=f"/api/{name}", tags=[name], view=View, schema=schema, resource_type=name, model=model, **changes
        )
    builder.initialize()
    return app
