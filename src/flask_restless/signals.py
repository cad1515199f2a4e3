"""Signals of changes: sent after the commit, for each row that a request has created, updated or deleted.

Receivers are called with the APIManager as sender and the keywords `resource` (of the API), `id` (the text of it) and
`changes`: {attribute: (old, new)} by the keys of the model's columns, old None for a created row, new None for a
deleted one; and for to-many relationships {relationship: (those that left, those that came)}, as tuples of ids.
Nothing is recorded unless a receiver is connected.

>>> from flask_restless.signals import updated
>>> @updated.connect_via(manager)                                         # doctest: +SKIP
... def log(sender, resource, id, changes): ...
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from blinker import Namespace
from sqlalchemy import event, inspect
from sqlalchemy.orm import InstanceState, Session, SessionTransaction

from .schema.resource import Resource

_namespace = Namespace()
created = _namespace.signal("restless-created")
updated = _namespace.signal("restless-updated")
deleted = _namespace.signal("restless-deleted")

Changes = dict[str, tuple[Any, Any]]


@dataclass(slots=True)
class Recorder:
    """Collects what the flushes of one Session change; `committed` holds what a commit has made last."""

    resource: Resource
    pending: list[tuple[Any, Resource, str, Changes]] = field(default_factory=list)
    committed: list[tuple[Any, Resource, str, Changes]] = field(default_factory=list)
    marks: dict[SessionTransaction, int] = field(default_factory=dict)

    def flushed(self, session: Session, _context: object) -> None:
        """Note the changes of a flush, which the states of the instances still know."""
        for signal, instances in ((created, session.new), (updated, session.dirty), (deleted, session.deleted)):
            for instance in instances:
                self._note(signal, instance)

    def _note(self, signal: Any, instance: Any) -> None:
        resource = self._resource(instance)
        if resource is None:
            return
        state = inspect(instance)
        changes = _removed(state) if signal is deleted else self._changed(state)
        if changes or signal is not updated:
            self.pending.append((signal, resource, self._id(instance, resource), changes))

    def _changed(self, state: InstanceState[Any]) -> Changes:
        changes: Changes = {}
        for prop in state.mapper.column_attrs:
            history = state.attrs[prop.key].history
            if history.added:
                changes[prop.key] = (history.deleted[0] if history.deleted else None, history.added[0])
        for relation in state.mapper.relationships:
            if relation.uselist and relation.key in state.dict:
                history = state.attrs[relation.key].history
                if history.added or history.deleted:
                    changes[relation.key] = (self._ids(history.deleted), self._ids(history.added))
        return changes

    def _ids(self, instances: Iterable[Any] | None) -> tuple[str, ...]:
        return tuple(self._id(one, self._resource(one)) for one in instances or ())

    def _resource(self, instance: Any) -> Resource | None:
        return self.resource.registry.whole.target(type(instance), self.resource.url_prefix)

    def _id(self, instance: Any, resource: Resource | None) -> str:
        if resource is None:
            return ",".join(str(value) for value in inspect(instance).mapper.primary_key_from_instance(instance))
        return resource.identity.text(tuple(getattr(instance, key.key) for key in resource.identity.keys))

    def begun(self, _session: Session, transaction: SessionTransaction) -> None:
        """Remember where a transaction or savepoint begins."""
        self.marks[transaction] = len(self.pending)

    def kept(self, session: Session) -> None:
        """Take what was noted as done, unless only a savepoint was released."""
        if session.in_nested_transaction():
            return
        self.committed += self.pending
        self.pending.clear()

    def undone(self, _session: Session, transaction: SessionTransaction) -> None:
        """Forget what was noted since the transaction or savepoint began."""
        del self.pending[self.marks.pop(transaction, 0) :]

    def announce(self) -> None:
        """Send the signals of what was committed."""
        for signal, resource, id_, changes in self.committed:
            signal.send(resource.registry.sender, resource=resource, id=id_, changes=changes)


def _removed(state: InstanceState[Any]) -> Changes:
    return {prop.key: (state.dict.get(prop.key), None) for prop in state.mapper.column_attrs if prop.key in state.dict}


def is_awaited(sender: object) -> bool:
    """Whether anybody is connected to a signal of this sender."""
    return any(one.has_receivers_for(sender) for one in (created, updated, deleted))


@contextmanager
def recorded(session: Session, resource: Resource) -> Iterator[Recorder]:
    """Record what happens in `session` inside the block."""
    recorder = Recorder(resource)
    listeners = (
        ("after_flush", recorder.flushed),
        ("after_transaction_create", recorder.begun),
        ("after_commit", recorder.kept),
        ("after_soft_rollback", recorder.undone),
    )
    for name, listener in listeners:
        event.listen(session, name, listener)
    try:
        yield recorder
    finally:
        for name, listener in listeners:
            event.remove(session, name, listener)
