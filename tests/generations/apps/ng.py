"""An application of Flask-Restless-NG: an own serializer, processors, links, switches for relationships."""

from flask import Flask
from sqlalchemy import Column, ForeignKey, Integer, Unicode, create_engine
from sqlalchemy.orm import backref, declarative_base, relationship, scoped_session, sessionmaker
from sqlalchemy.pool import StaticPool

from flask_restless import APIManager, ProcessingException, Serializer

app = Flask(__name__)
engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
session = scoped_session(sessionmaker(bind=engine))
Base = declarative_base()


class Team(Base):
    __tablename__ = "team"
    id = Column(Integer, primary_key=True)
    name = Column(Unicode, unique=True)
    secret = Column(Unicode)


class Player(Base):
    __tablename__ = "player"
    id = Column(Integer, primary_key=True)
    name = Column(Unicode)
    number = Column(Integer)
    team_id = Column(Integer, ForeignKey("team.id"))
    team = relationship(Team, backref=backref("players"))


class Goal(Base):
    __tablename__ = "goal"
    id = Column(Integer, primary_key=True)
    minute = Column(Integer)


class GoalSerializer(Serializer):
    @property
    def attributes_columns(self):
        return ["minute"]

    @property
    def relationship_columns(self):
        return []

    def serialize(self, instance, only=None):
        return {"type": "goal", "id": str(instance.id), "attributes": {"minute": "%d'" % instance.minute}}


def low_numbers(filters=None, sort=None, **kw):
    filters.append({"name": "number", "op": "lt", "val": 50})


def no_zero(data=None, **kw):
    if data["data"]["attributes"].get("number") == 0:
        raise ProcessingException(detail="no zero", status=400)


Base.metadata.create_all(engine)
manager = APIManager(app, session=session, url_prefix="/v1", include_links=True)
manager.create_api(
    Team,
    methods=["GET", "POST", "PATCH", "DELETE"],
    exclude=["secret"],
    allow_to_many_replacement=True,
    allow_delete_from_to_many_relationships=True,
    allow_client_generated_ids=True,
)
manager.create_api(
    Player,
    methods=["GET", "POST", "PATCH", "DELETE"],
    page_size=2,
    preprocessors={"GET_COLLECTION": [low_numbers], "POST_RESOURCE": [no_zero]},
)
manager.create_api(Goal, methods=["GET", "POST"], serializer=GoalSerializer())
