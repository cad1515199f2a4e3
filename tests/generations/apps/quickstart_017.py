"""A first application of 0.17: two models of Flask-SQLAlchemy, and an API for each."""

import flask
import flask.ext.restless
import flask_sqlalchemy

app = flask.Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
db = flask_sqlalchemy.SQLAlchemy(app)


class Garden(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.Unicode(80), unique=True)
    opened = db.Column(db.Date)


class Plant(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.Unicode(80), unique=True)
    kind = db.Column(db.Unicode(80))
    height = db.Column(db.Float)
    garden_id = db.Column(db.Integer, db.ForeignKey("garden.id"))
    garden = db.relationship("Garden", backref=db.backref("plants", lazy="dynamic"))


with app.app_context():
    db.create_all()

manager = flask.ext.restless.APIManager(app, flask_sqlalchemy_db=db)
manager.create_api(Garden, methods=["GET", "POST", "PUT", "DELETE"], allow_functions=True)
manager.create_api(
    Plant, methods=["GET", "POST", "PATCH"], results_per_page=3, max_results_per_page=5, allow_patch_many=True
)
