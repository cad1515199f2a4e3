"""A grown application of 0.17: processors, users of Flask-Login, documents of marshmallow, endpoints per method."""

from flask import Flask, request
from flask.ext.restless import APIManager, ProcessingException, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user
from marshmallow import Schema, fields, post_load
from sqlalchemy import Column, Date, Float, ForeignKey, Integer, Unicode, create_engine
from sqlalchemy.orm import backref, declarative_base, relationship, scoped_session, sessionmaker
from sqlalchemy.pool import StaticPool

engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
Session = scoped_session(sessionmaker(bind=engine))
Base = declarative_base()


class Keeper(Base, UserMixin):
    __tablename__ = "keeper"
    id = Column(Integer, primary_key=True)
    username = Column(Unicode, unique=True)
    password = Column(Unicode)


class Animal(Base):
    __tablename__ = "animal"
    id = Column(Integer, primary_key=True)
    name = Column(Unicode, unique=True)
    born = Column(Date)
    weight = Column(Float)
    keeper_id = Column(Integer, ForeignKey("keeper.id"))
    keeper = relationship(Keeper, backref=backref("animals"))

    def label(self):
        return "%s (%s)" % (self.name, self.id)


class Meal(Base):
    __tablename__ = "meal"
    id = Column(Integer, primary_key=True)
    food = Column(Unicode)
    amount = Column(Integer)


class MealSchema(Schema):
    id = fields.Integer()
    food = fields.String(required=True)
    amount = fields.Integer(data_key="grams")

    @post_load
    def make(self, data, **kw):
        return Meal(**data)


meal_schema = MealSchema()


def meal_serializer(instance):
    return meal_schema.dump(instance)


def meal_deserializer(data):
    return meal_schema.load(data)


class TooHeavy(Exception):
    pass


def auth_func(*args, **kw):
    if not current_user.is_authenticated:
        raise ProcessingException(description="Not authenticated", code=401)


def own_animals_only(search_params=None, **kw):
    search_params.setdefault("filters", []).append({"name": "keeper_id", "op": "eq", "val": current_user.id})


def weigh(data=None, **kw):
    if data.get("weight", 0) > 9000:
        raise ProcessingException(description="Too heavy", code=409)
    data["keeper_id"] = current_user.id


def by_name(instance_id=None, **kw):
    """Animals go by their name as well."""
    found = Session.query(Animal).filter_by(name=instance_id).first()
    return found.id if found is not None else None


def signed(result=None, **kw):
    result["self"] = url_for(Animal, instid=result["id"])


def create_app():
    app = Flask(__name__)
    app.secret_key = "not a secret"
    login = LoginManager(app)

    @login.user_loader
    def load_user(userid):
        return Session.get(Keeper, int(userid))

    @app.route("/login", methods=["POST"])
    def log_in():
        form = request.form
        user = Session.query(Keeper).filter_by(username=form["username"], password=form["password"]).one()
        login_user(user)
        return "welcome"

    @app.teardown_appcontext
    def remove_session(error=None):
        Session.remove()

    Base.metadata.create_all(engine)
    Session.add_all([Keeper(id=1, username="mary", password="x"), Keeper(id=2, username="bob", password="y")])
    Session.add(Animal(name="Bob's", keeper_id=2))
    Session.commit()
    Session.remove()

    manager = APIManager(app, session=Session, preprocessors={"DELETE_SINGLE": [auth_func]})
    manager.create_api(
        Animal,
        methods=["GET", "POST", "PATCH", "DELETE"],
        include_methods=["label"],
        exclude_columns=["keeper.password"],
        preprocessors={
            "GET_MANY": [auth_func, own_animals_only],
            "GET_SINGLE": [by_name],
            "POST": [auth_func, weigh],
            "PATCH_SINGLE": [auth_func],
        },
        postprocessors={"GET_SINGLE": [signed]},
    )
    manager.create_api(Keeper, exclude_columns=["password"])
    manager.create_api(Meal, methods=["GET", "POST"], serializer=meal_serializer, deserializer=meal_deserializer)
    # Who may read and who may write is decided by different endpoints.
    readers = manager.create_api_blueprint(Meal, methods=["GET"], url_prefix="/open", collection_name="menu")
    app.register_blueprint(readers)
    manager.create_api(Meal, methods=["DELETE"], url_prefix="/admin", preprocessors={"DELETE_SINGLE": [auth_func]})
    return app
