"""The recipes of the documentation: who may, who may not, and how the refusals look (feature 49)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash
from werkzeug.test import TestResponse

from conftest import JSONAPI, CheckedClient, checked_client, fresh_database

RECIPES = Path(__file__).parents[2] / "examples" / "recipes"
PASSWORD = generate_password_hash("secret", "pbkdf2:sha256:1")


@pytest.fixture
def engine() -> Iterator[Engine]:
    with fresh_database("sqlite") as engine:
        yield engine


def load(name: str) -> Any:
    """Load a recipe anew."""
    spec = spec_from_file_location(f"recipe_{name}", RECIPES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def opened(module: Any, engine: Engine, *rows: Any) -> CheckedClient:
    module.Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        session.add_all(rows)
    return checked_client(module.create_app(engine))


def refused(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    """Check that a refusal is a document of the API, and give its error."""
    assert response.status_code == status, response.text
    assert response.mimetype == JSONAPI
    (error,) = response.json["errors"]
    assert (error["status"], error["code"]) == (str(status), code)
    assert "data" not in response.json
    return error


def note(text: str, type_: str = "notes", name: str = "text") -> dict[str, Any]:
    return {"data": {"type": type_, "attributes": {name: text}}}


def test_all_recipes_are_in_the_documentation() -> None:
    pages = (RECIPES.parents[1] / "docs" / "how-to" / "recipes.md").read_text()

    assert [path.name for path in RECIPES.glob("*.py") if f"examples/recipes/{path.name}" not in pages] == []


# ---------------------------------------------------------------- tokens


@pytest.fixture
def tokens(engine: Engine) -> CheckedClient:
    recipe = load("tokens")
    return opened(recipe, engine, recipe.User(name="ada", password_hash=PASSWORD), recipe.Note(text="hers"))


def bearer(client: CheckedClient) -> dict[str, str]:
    token = client.post("/login", json={"name": "ada", "password": "secret"}).json["token"]
    return {"Authorization": f"Bearer {token}"}


def test_who_has_a_token_is_served(tokens: CheckedClient) -> None:
    headers = bearer(tokens)

    assert tokens.get("/api/notes", headers=headers).json["meta"]["total"] == 1
    assert tokens.send("POST", "/api/notes", note("new"), headers=headers).status_code == 201
    assert "password" not in tokens.get("/api/users", headers=headers).text


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/api/notes", "/api/notes/1", "/api/notes/99", "/api/operations", "/api/nothing"])
def test_without_a_token_nothing_is_told(tokens: CheckedClient, method: str, path: str) -> None:
    """Whether there is such a row, URL or method, the answer is the same."""
    refused(tokens.open(path, method=method), 401, "unauthorized")


@pytest.mark.parametrize(
    ("header", "status"),
    [("Bearer x", 422), ("Bearer a.b.c", 422), ("Basic YWRhOnNlY3JldA==", 401), ("Bearer", 422)],
)
def test_a_bad_token_is_refused_in_a_document(tokens: CheckedClient, header: str, status: int) -> None:
    response = tokens.get("/api/notes", headers={"Authorization": header})

    assert response.status_code == status
    assert response.mimetype == JSONAPI
    assert response.json["errors"][0]["detail"]


def test_a_wrong_password_gives_no_token(tokens: CheckedClient) -> None:
    assert tokens.post("/login", json={"name": "ada", "password": "wrong"}).status_code == 401


# ---------------------------------------------------------------- logins


@pytest.fixture
def logins(engine: Engine) -> CheckedClient:
    recipe = load("logins")
    return opened(
        recipe,
        engine,
        recipe.User(name="ada", password_hash=PASSWORD, is_editor=True),
        recipe.User(name="bob", password_hash=PASSWORD),
        recipe.Article(title="Notes"),
    )


def log_in(client: CheckedClient, name: str) -> None:
    assert client.post("/login", data={"name": name, "password": "secret"}).status_code == 204


def test_editors_write(logins: CheckedClient) -> None:
    log_in(logins, "ada")

    assert logins.send("POST", "/api/articles", note("New", "articles", "title")).status_code == 201
    assert logins.delete("/api/articles/1").status_code == 204


def test_members_only_read(logins: CheckedClient) -> None:
    log_in(logins, "bob")
    change = {"data": {"type": "articles", "id": "1", "attributes": {"title": "x"}}}

    assert logins.get("/api/articles/1").json["data"]["attributes"]["title"] == "Notes"
    refused_of = [
        logins.send("POST", "/api/articles", note("New", "articles", "title")),
        logins.send("PATCH", "/api/articles/1", change),
        logins.delete("/api/articles/1"),
    ]
    for response in refused_of:
        assert response.status_code == 403
        assert response.json["errors"][0]["detail"] == "only editors may do this"
    assert logins.get("/api/articles").json["meta"]["total"] == 1


@pytest.mark.parametrize("path", ["/api/articles", "/api/articles/1", "/api/nothing"])
def test_who_is_not_logged_in_reads_nothing(logins: CheckedClient, path: str) -> None:
    refused(logins.get(path), 401, "unauthorized")


def test_another_site_cannot_write_in_the_name_of_a_user(logins: CheckedClient) -> None:
    """T13: what a form on another site can send is no body that is read here, and its request bears no cookie."""
    log_in(logins, "ada")

    response = logins.post("/api/articles", data='{"data":{"type":"articles"}}', content_type="text/plain")

    refused(response, 415, "unsupported-media-type")
    assert "SameSite=Lax" in logins.post("/login", data={"name": "ada", "password": "secret"}).headers["Set-Cookie"]


# ---------------------------------------------------------------- rate limits


@pytest.fixture
def limited(engine: Engine) -> CheckedClient:
    return opened(load("rate_limits"), engine)


def test_too_many_requests_are_told_to_wait(limited: CheckedClient) -> None:
    """429 is a document of the API, with the seconds to wait."""
    answers = [limited.send("POST", "/api/notes", note(str(number))) for number in range(5)]

    assert [one.status_code for one in answers] == [201, 201, 201, 429, 429]
    refused(answers[-1], 429, "too-many-requests")
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert limited.get("/api/notes").json["meta"]["total"] == 3


def test_reading_has_a_limit_of_its_own(limited: CheckedClient) -> None:
    answers = [limited.get("/api/notes") for _ in range(21)]

    assert {one.status_code for one in answers[:20]} == {200}
    refused(answers[-1], 429, "too-many-requests")


# ---------------------------------------------------------------- cross-origin requests

OURS, THEIRS = "https://shop.example.com", "https://evil.example.com"


@pytest.fixture
def shared(engine: Engine) -> CheckedClient:
    return opened(load("cross_origin"), engine)


@pytest.mark.parametrize("path", ["/api/notes", "/api/notes/99", "/api/notes?nothing=1"])
def test_the_front_end_may_read_every_answer(shared: CheckedClient, path: str) -> None:
    """Errors as well, or the front end could not tell them from a broken network."""
    response = shared.get(path, headers={"Origin": OURS})

    assert response.headers["Access-Control-Allow-Origin"] == OURS
    assert "ETag" in response.headers["Access-Control-Expose-Headers"]


def test_the_front_end_may_send_documents(shared: CheckedClient) -> None:
    headers = {
        "Origin": OURS,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "content-type, if-match",
    }

    response = shared.options("/api/notes/1", headers=headers)

    assert response.status_code == 200
    assert "PATCH" in response.headers["Access-Control-Allow-Methods"]
    assert response.headers["Access-Control-Allow-Headers"].lower() == "content-type, if-match"


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_others_may_not(shared: CheckedClient, method: str) -> None:
    """T14."""
    headers = {"Origin": THEIRS, "Access-Control-Request-Method": "PATCH"}

    assert "Access-Control-Allow-Origin" not in shared.open("/api/notes", method=method, headers=headers).headers


# ---------------------------------------------------------------- tenants


@pytest.fixture
def tenants(engine: Engine) -> CheckedClient:
    recipe = load("tenants")
    rows = [
        recipe.Project(id=1, name="ours", tenant="a", tasks=[recipe.Task(id=1, title="mow", tenant="a")]),
        recipe.Project(id=2, name="theirs", tenant="b", tasks=[recipe.Task(id=2, title="sow", tenant="b")]),
    ]
    client = opened(recipe, engine, *rows)
    assert client.post("/enter/a").status_code == 204
    return client


@pytest.mark.parametrize("accept", [JSONAPI, "text/csv", "application/x-ndjson"])
@pytest.mark.parametrize(
    "path",
    [
        "/api/projects?filter[name][like]=%25",
        "/api/tasks?filter[project.id][lt]=99",
        "/api/projects?sort=-name",
        "/api/projects/1/tasks",
    ],
)
def test_a_tenant_sees_its_own_rows(tenants: CheckedClient, path: str, accept: str) -> None:
    response = tenants.get(path, headers={"Accept": accept})

    assert response.status_code == 200
    assert "ours" in response.text or "mow" in response.text
    assert "theirs" not in response.text
    assert "sow" not in response.text
    assert "tenant" not in response.text


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("rest", ["", "/relationships/tasks", "/tasks"])
def test_rows_of_another_tenant_do_not_exist(tenants: CheckedClient, method: str, rest: str) -> None:
    def answer(id_: int) -> str:
        document = {"data": [] if rest else {"type": "projects", "id": str(id_), "attributes": {"name": "x"}}}
        body = {} if method == "GET" else {"json": document, "content_type": JSONAPI}
        response = tenants.open(f"/api/projects/{id_}{rest}", method=method, **body)
        assert response.status_code in (403, 404, 405)
        return response.text.replace(f"/{id_}", "/").replace(f'\\"{id_}\\"', "")

    assert answer(2) == answer(99)


def test_new_rows_are_the_tenants(tenants: CheckedClient) -> None:
    created = tenants.send("POST", "/api/projects", note("new", "projects", "name"))

    assert created.status_code == 201
    assert tenants.get("/api/projects").json["meta"]["total"] == 2
    tenants.post("/enter/b")
    assert [one["id"] for one in tenants.get("/api/projects").json["data"]] == ["2"]


def test_a_tenant_links_its_own_rows_only(tenants: CheckedClient) -> None:
    links = {"project": {"data": {"type": "projects", "id": "2"}}}
    document = {"data": {"type": "tasks", "attributes": {"title": "x"}, "relationships": links}}

    assert tenants.send("POST", "/api/tasks", document).status_code == 404
    assert tenants.get("/api/tasks").json["meta"]["total"] == 1


def test_a_tenant_cannot_be_written(tenants: CheckedClient) -> None:
    document = {"data": {"type": "projects", "attributes": {"name": "x", "tenant": "b"}}}

    assert tenants.send("POST", "/api/projects", document).status_code in (400, 422)


def test_who_is_no_tenant_sees_nothing(engine: Engine) -> None:
    refused(opened(load("tenants"), engine).get("/api/projects"), 401, "unauthorized")


# ---------------------------------------------------------------- soft delete


@pytest.fixture
def soft(engine: Engine) -> CheckedClient:
    recipe = load("soft_delete")
    author = recipe.Author(id=1, name="Ada")
    return opened(recipe, engine, recipe.Article(id=1, title="kept", author=author), recipe.Article(id=2, title="gone"))


def test_deleted_rows_stay_and_are_not_seen(soft: CheckedClient, engine: Engine) -> None:
    assert soft.delete("/api/articles/2").status_code == 204

    refused(soft.get("/api/articles/2"), 404, "not-found")
    assert soft.get("/api/articles").json["meta"]["total"] == 1
    assert "gone" not in soft.get("/api/articles", headers={"Accept": "text/csv"}).text
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM articles WHERE deleted_at IS NOT NULL").scalar() == 1


def test_a_deleted_author_leaves_the_articles_without_one(soft: CheckedClient) -> None:
    assert soft.delete("/api/authors/1").status_code == 204

    article = soft.get("/api/articles/1?include=author").json

    assert article["data"]["relationships"]["author"]["data"] is None
    assert article["included"] == []
    line = soft.get("/api/articles?filter[id]=1", headers={"Accept": "application/x-ndjson"}).text
    assert json.loads(line) == {"id": "1", "title": "kept", "author": None}


def test_a_batch_deletes_softly_too(soft: CheckedClient, engine: Engine) -> None:
    media_type = f'{JSONAPI};ext="https://jsonapi.org/ext/atomic"'
    operations = {"atomic:operations": [{"op": "remove", "ref": {"type": "articles", "id": "1"}}]}

    response = soft.post("/api/operations", json=operations, headers={"Content-Type": media_type, "Accept": media_type})

    assert response.status_code in (200, 204)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM articles").scalar() == 2
