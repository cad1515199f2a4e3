"""The bookshop as an application: what `flask-restless demo` serves."""

from __future__ import annotations

from typing import Any

from flask import Flask

from ..demo import models
from ..manager import APIManager

METHODS = ("GET", "POST", "PATCH", "DELETE")


def create_bookshop(
    session: Any, exports: Any = (), allow_functions: bool = False, **options: Any
) -> tuple[Flask, APIManager]:
    """Make an application that serves every model of the bookshop, with every method and permission.

    `session` is anything that APIManager takes, `exports` what every API may be exported as, `allow_functions` whether
    functions are evaluated; `options` are further keywords of APIManager.
    """
    app = Flask("flask_restless.demo")
    manager = APIManager(app, session=session, **options)
    names: dict[type, str] = {models.CardPayment: "card_payments", models.TransferPayment: "transfer_payments"}
    for model in models.MODELS:
        manager.create_api(
            model,
            methods=METHODS,
            collection_name=names.get(model),
            additional_attributes=["headline"] if model is models.Book else (),
            exclude=["credit"] if model is models.Customer else (),
            allow_client_generated_ids=model in (models.Country, models.Format, models.Shelf),
            allow_to_many_replacement=True,
            allow_delete_from_to_many_relationships=True,
            exports=exports,
            allow_functions=allow_functions,
        )
    return app, manager
