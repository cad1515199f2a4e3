"""An application of 0.6: plain SQLAlchemy, a function that says who may write, validation."""

from flask import Flask, request
from flask.ext.restless import APIManager
from sqlalchemy import Column, ForeignKey, Integer, Unicode, create_engine
from sqlalchemy.orm import declarative_base, relationship, scoped_session, sessionmaker, validates
from sqlalchemy.pool import StaticPool

app = Flask(__name__)
engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
session = scoped_session(sessionmaker(bind=engine))
Base = declarative_base()


class Invalid(Exception):
    def __init__(self, errors):
        Exception.__init__(self)
        self.errors = errors


class Shelf(Base):
    __tablename__ = "shelf"
    id = Column(Integer, primary_key=True)
    room = Column(Unicode)
    boxes = relationship("Box")

    @validates("room")
    def check_room(self, key, room):
        if not room:
            raise Invalid({"room": "a shelf stands in a room"})
        return room


class Box(Base):
    __tablename__ = "box"
    id = Column(Integer, primary_key=True)
    label = Column(Unicode)
    shelf_id = Column(Integer, ForeignKey("shelf.id"))


def is_known():
    return request.authorization is not None and request.authorization.password == "open"


def tidy(params):
    params["room"] = params.get("room", "").strip()
    return params


Base.metadata.create_all(engine)
manager = APIManager(app, session=session)
manager.create_api(
    Shelf,
    methods=["GET", "POST", "PATCH", "DELETE"],
    authentication_required_for=["POST", "PATCH", "DELETE"],
    authentication_function=is_known,
    validation_exceptions=(Invalid,),
    post_form_preprocessor=tidy,
    results_per_page=2,
    allow_functions=True,
)
manager.create_api(Box, methods=["GET", "POST", "PATCH"], include_columns=["id", "label"])
