"""Ground layer 1: what the models are, read once per `create_api`.

Nothing here knows of requests, of JSON documents or of a Session; it imports SQLAlchemy only.
"""
