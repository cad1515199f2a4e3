"""An application of the JSON:API generation before NG: processors, a serializer class, functions, module helpers."""

from flask import Flask
from sqlalchemy import Column, Date, Float, ForeignKey, Integer, Unicode, create_engine
from sqlalchemy.orm import backref, declarative_base, relationship, scoped_session, sessionmaker
from sqlalchemy.pool import StaticPool

from flask_restless import APIManager, DefaultSerializer, ProcessingException, collection_name, model_for, url_for

app = Flask(__name__)
engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
session = scoped_session(sessionmaker(bind=engine))
Base = declarative_base()


class Band(Base):
    __tablename__ = "band"
    id = Column(Integer, primary_key=True)
    name = Column(Unicode, unique=True)
    country = Column(Unicode)


class Album(Base):
    __tablename__ = "album"
    id = Column(Integer, primary_key=True)
    title = Column(Unicode)
    year = Column(Integer)
    price = Column(Float)
    released = Column(Date)
    band_id = Column(Integer, ForeignKey("band.id"))
    band = relationship(Band, backref=backref("albums"))

    def spine(self):
        return "%s (%s)" % (self.title, self.year)


class AlbumSerializer(DefaultSerializer):
    def serialize(self, instance, only=None):
        document = super().serialize(instance, only=only)
        document["data"].setdefault("meta", {})["collection"] = collection_name(Album)
        return document


def no_drafts(filters=None, sort=None, group_by=None, single=None, **kw):
    filters.append({"name": "year", "op": "is_not_null"})


def no_free_albums(data=None, **kw):
    if data["data"].get("attributes", {}).get("price") == 0:
        raise ProcessingException(title="Price", detail="albums cost something", status=409)


def with_url(result=None, **kw):
    result["meta"] = {"url": url_for(Album, result["data"]["id"]), "model": model_for("album").__name__}


Base.metadata.create_all(engine)
manager = APIManager(app, session=session)
manager.create_api(
    Album,
    methods=["GET", "POST", "PATCH", "DELETE"],
    page_size=3,
    max_page_size=20,
    includes=["band"],
    additional_attributes=["spine"],
    serializer_class=AlbumSerializer,
    allow_functions=True,
    preprocessors={"GET_COLLECTION": [no_drafts], "POST_RESOURCE": [no_free_albums]},
    postprocessors={"GET_RESOURCE": [with_url]},
)
manager.create_api(
    Band,
    methods=["GET", "POST", "PATCH"],
    exclude=["country"],
    allow_to_many_replacement=True,
    allow_delete_from_to_many_relationships=True,
)
