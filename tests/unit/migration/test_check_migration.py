"""`flask-restless check-migration`: applications of every generation, and their clients' requests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import flask_restless
from flask_restless.cli import main
from flask_restless.cli.check_migration import _with_bar

APPS = Path(__file__).parents[2] / "generations" / "apps"

HEAD = """
from flask import Flask
from sqlalchemy import Column, ForeignKey, Integer, Unicode
from sqlalchemy.orm import declarative_base, relationship
Base = declarative_base()
class Person(Base):
    __tablename__ = "person"
    id = Column(Integer, primary_key=True)
    name = Column(Unicode)
    pets = relationship("Pet", back_populates="owner")
class Pet(Base):
    __tablename__ = "pet"
    id = Column(Integer, primary_key=True)
    name = Column(Unicode)
    owner_id = Column(Integer, ForeignKey("person.id"))
    owner = relationship(Person, back_populates="pets")
app = Flask(__name__)
"""


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """The stand-in is gone afterwards, and so are the applications that were imported."""
    before = set(sys.modules)
    yield
    assert sys.modules["flask_restless"] is flask_restless
    assert not hasattr(sys.modules["flask"], "ext")
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and "site-packages" not in str(sys.modules[name].__file__):
            if name.startswith("app_"):  # half of its models may outlive the other, and be in every mapping's way
                sys.modules[name].Base.registry.dispose()
            del sys.modules[name]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check-migration", *arguments])


def checked(tmp_path: Path, text: str, *arguments: str) -> Result:
    """Check an application of that text."""
    path = tmp_path / f"app_{abs(hash(text))}.py"
    path.write_text(HEAD + text)
    return run(str(path), *arguments)


@pytest.mark.parametrize(
    ("app", "generation", "code", "told"),
    [
        ("quickstart_017.py", "0.7 to 0.17", 1, 'protocol="classic"'),
        ("customized_017.py:create_app", "0.7 to 0.17", 1, "API of Meal"),
        ("plain_06.py", "Flask-Restless 0.6", 1, "classic_version"),
        ("master.py", "1.0.0b1", 0, "url_for"),
        ("ng.py", "Flask-Restless-NG", 0, "API of Goal"),
    ],
)
def test_generation_is_guessed_and_what_breaks_is_told(app: str, generation: str, code: int, told: str) -> None:
    result = run(str(APPS / app))

    assert generation in result.output.splitlines()[0]
    assert "(guessed" in result.output
    assert told in result.output
    assert (result.exit_code, "breaks" in result.output) == (code, bool(code))


def test_nothing_breaks_once_the_guide_has_been_followed(tmp_path: Path) -> None:
    text = (APPS / "quickstart_017.py").read_text()
    text = text.replace("flask.ext.restless", "flask_restless").replace(
        "Manager(app, ", 'Manager(app, protocol="classic", '
    )
    (tmp_path / "followed.py").write_text(text)

    result = run(str(tmp_path / "followed.py"))

    assert (result.exit_code, "breaks" in result.output) == (0, False), result.output
    assert "changes allow_patch_many" in result.output


def test_options_that_do_not_exist_stop_neither_application_nor_report(tmp_path: Path) -> None:
    result = checked(
        tmp_path,
        """
from flask_restless import APIManager
manager = APIManager(app, session=1)
manager.create_api(Person, include_columns=["id", "nmae"], max_results_per_pgae=3, results_per_page=5)
manager.create_api(Pet)
""",
    )

    assert result.exit_code == 1
    assert "there is no option max_results_per_pgae; did you mean max_results_per_page?" in result.output
    assert "nmae" in result.output
    assert "API of Pet\n  works as it is" in result.output


KEYS = """
from flask_restless import APIManager
Item = type("Item", (Person.__bases__[0],), {
    "__tablename__": "item", "b": Column(Integer, primary_key=True), "a": Column(Integer, primary_key=True),
})
manager = APIManager(app, session=1, protocol="classic")
manager.create_api(Item, results_per_page=5%s)
manager.create_api(Person, results_per_page=5, primary_key="id", preprocessors={"GET_MANY": None})
"""


@pytest.mark.parametrize(("given", "is_told"), [("", True), (', primary_key="b"', False)], ids=["left out", "given"])
def test_another_default_is_told_where_it_holds(tmp_path: Path, given: str, is_told: bool) -> None:
    """The first part of a composite key was the id; who names the key, or has one of one part, need not know."""
    result = checked(tmp_path, KEYS % given)

    assert result.exit_code == 0, result.output
    assert result.output.count("changes primary_key") == int(is_told)


def test_a_query_of_the_models_own_is_told(tmp_path: Path) -> None:
    """Contract, "Model features handled": what it leaves out does not exist any more, wherever a client looks."""
    result = checked(
        tmp_path,
        """
from flask_restless import APIManager
Person.query = classmethod(lambda cls: None)
manager = APIManager(app, session=1, protocol="classic")
manager.create_api(Person, results_per_page=5)
manager.create_api(Pet, results_per_page=5)
""",
    )

    assert result.exit_code == 0
    assert "changes Person.query: the model's `query`" in result.output
    assert "Pet.query" not in result.output


def test_managers_are_held_against_those_of_today(tmp_path: Path) -> None:
    result = checked(
        tmp_path,
        """
from flask_restless import APIManager
manager = APIManager(app, session=1, protocol="classic", flavour="mint")
manager.create_api(Person, app=app)
manager.apis_to_create, manager.created_apis_for, manager.frobnicate(1)
""",
    )

    assert result.exit_code == 1
    assert "breaks  flavour: APIManager takes no flavour" in result.output
    assert "breaks  apis_to_create" in result.output
    assert "breaks  frobnicate: an APIManager has no frobnicate" in result.output
    assert "created_apis_for:" not in result.output


def test_processors_are_held_against_the_table(tmp_path: Path) -> None:
    """A-8, C-8: dead keys, missing arguments, `return True`; none of them is called"""
    result = checked(
        tmp_path,
        """
from flask_restless import APIManager
def auth(instance_id=None, **kw):
    assert False
    return True
def wants(search, **kw): pass
def query_of(query=None, **kw): pass
APIManager(app, session=1, protocol="classic").create_api(
    Person,
    preprocessors={"GET_SINGLE": [auth], "GET_MANY": [wants], "GET_ALL": [auth]},
    postprocessors={"PATCH_MANY": [query_of]},
)
""",
    )

    assert result.exit_code == 1
    assert "changes GET_SINGLE: auth returns True" in result.output
    assert "breaks  GET_MANY: wants needs search; it gets search_params" in result.output
    assert "breaks  preprocessors 'GET_ALL'" in result.output
    assert "changes PATCH_MANY: query_of" in result.output


def test_processors_of_ng_and_private_names(tmp_path: Path) -> None:
    result = checked(
        tmp_path,
        """
from flask_restless import APIManager
from flask_restless.views.base import something
class Mine(something):
    pass
def one(instance_id=None, **kw): pass
def two(filters, sort): pass
APIManager(app, session=1, include_links=False).create_api(
    Person, preprocessors={"PATCH_RELATIONSHIP": [one], "get_collection": [two]}, page_size=500,
)
""",
        "--all",
    )

    assert result.exit_code == 1
    assert "breaks  flask_restless.views.base.something" in result.output
    assert "fine    PATCH_RELATIONSHIP: one" in result.output
    assert "changes preprocessors 'get_collection'" in result.output
    assert "page_size (500) is above max_page_size" in result.output


def test_requests_of_a_log_are_understood_by_the_new_parser(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(
        '::1 - - [01/Jan/2020:00:00:00 +0000] "GET /api/person?page[size]=5 HTTP/1.1" 200 17\n'
        '::1 - - [01/Jan/2020:00:00:00 +0000] "POST /api/person HTTP/1.1" 201 17\n'
        '::1 - - [01/Jan/2020:00:00:00 +0000] "GET /static/x.png HTTP/1.1" 200 17\n'
        "not a request\n"
        "/api/person?group=name\n/api/person?group=name\n"
        "http://example.com/api/person/1/pets?sort=owner.name&filter[name]=a,b\n"
        "/api/person?include=nothing\n"
        "/api/eval/person?functions=[]\n"
        "/api/person/1/relationships/pets\n"
    )

    result = checked(
        tmp_path,
        """
from flask_restless import APIManager
manager = APIManager(app, session=1)
manager.create_api(Person, methods=["GET", "POST"], page_size=2, allow_functions=True)
manager.create_api(Pet)
""",
        "--from",
        "1.0",
        "--requests",
        str(log),
    )

    assert result.exit_code == 1
    assert "9 read: 3 as before, 1 writes and 1 to other URLs" in result.output
    assert 'breaks  2 x /api/person: 400 there is no query parameter "group"; send groupBy=' in result.output
    assert "for instance /api/person?include=nothing" in result.output
    assert "changes 1 x /api/person: `sort=author.name` drops rows" in result.output
    assert "changes 1 x /api/person: `filter[name]=a,b`" in result.output


def test_searches_of_a_log_are_understood_by_the_classic_parser(tmp_path: Path) -> None:
    log = tmp_path / "urls.txt"
    log.write_text(
        '/api/pet?q={"filters":[{"name":"name","op":"eq","val":"x"}]}\n'
        '/api/pet?q={"order_by":[{"field":"owner__name"}]}\n'
        '/api/pet?q={"filters":[{"name":"owner__password","op":"has","val":"x"}]}\n'
        "/api/pet?callback=f\n"
    )

    result = checked(
        tmp_path,
        """
from flask_restless import APIManager
manager = APIManager(app, session=1, protocol="classic")
manager.create_api(Person, results_per_page=3)
manager.create_api(Pet)
""",
        "--requests",
        str(log),
    )

    assert "4 read: 1 as before" in result.output
    assert result.output.count("breaks ") == 1
    assert "for instance /api/pet?callback=f" in result.output
    assert "`order_by` of a relation's column" in result.output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "creates no API"),
        ("import nothing_of_that_name", "cannot be imported: ModuleNotFoundError"),
    ],
)
def test_what_cannot_be_checked_is_told(tmp_path: Path, text: str, told: str) -> None:
    result = checked(tmp_path, text)

    assert result.exit_code == 1
    assert told in result.output


def test_function_that_needs_arguments_is_told(tmp_path: Path) -> None:
    module = tmp_path / "factory_with_arguments.py"
    module.write_text("def create_app(config): ...")

    assert "create_app cannot be called without arguments" in run(f"{module}:create_app").output


def test_function_that_is_not_there_is_told() -> None:
    assert "has no nothing" in run(f"{APPS / 'ng.py'}:nothing").output


def test_progress_bar_gives_every_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "long.log"
    log.write_text("/api/person\n/api/pet\n")

    with log.open() as lines:
        assert list(_with_bar(lines)) == ["/api/person\n", "/api/pet\n"]

    assert "requests: 100%" in capsys.readouterr().err
