"""A recording, held against the tables of differences and against the options of today."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from inspect import signature
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapper

from ..manager import APIManager
from ..schema.base_query import may_filter
from ..schema.classic_options import ClassicOptions
from ..schema.introspect import inspect_model
from ..schema.options import IllegalArgumentError, Options
from ..schema.registry import Registry
from .differences import PROTOCOL_OF, Difference, Severity, Topic, differences_of
from .processors import remarks
from .recording import RecordedApi, RecordedManager, Recording

VOCABULARIES: Mapping[str, Any] = {"classic": ClassicOptions, "jsonapi": Options}
OWN_OBJECTS = frozenset({"serializer", "deserializer", "serializer_class", "deserializer_class"})
PROCESSORS = ("preprocessors", "postprocessors")
OTHER_DEFAULTS = ("primary_key", "collection_name")
"""Options that mean what they did; what holds where they are left out is another."""
WHAT_NG_HAD = frozenset({"include_links"})
WHAT_06_HAD = frozenset({"authentication_required_for", "authentication_function"})
PRIVATE = frozenset({"helpers", "search", "views", "serialization", "serialization_utils", "typehints", "registry"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know: how severe, what it is about, and what to do; `row` is where the guide tells more."""

    severity: Severity
    subject: str
    text: str
    row: Difference | None = None


@dataclass(slots=True)
class Section:
    """The findings of one API, of a manager, or of the imports."""

    title: str
    findings: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class Checked:
    """The sections of a report, and the APIs as they would be served, for the requests of a log."""

    sections: list[Section]
    registries: dict[str, Registry]


def guess(recording: Recording) -> str | None:
    """Guess the generation that an application was written for; None if nothing tells."""
    said = {name for manager in recording.managers for api in manager.apis for name in api.options}
    said |= {name for manager in recording.managers for name in manager.options}
    if said & WHAT_06_HAD:
        return "0.6"
    own = {one.name for one in fields(ClassicOptions)} - {"methods", "allow_functions", "allow_jsonp"}
    keys = {key.upper() for manager in recording.managers for key in _keys(manager)}
    if said & own or keys & {"GET_SINGLE", "GET_MANY", "PATCH_SINGLE", "PATCH_MANY", "POST", "DELETE", "DELETE_SINGLE"}:
        return "0.17"
    if said & WHAT_NG_HAD:
        return "ng"
    names = {name for _, name in recording.imports}
    jsonapi = {one.name for one in fields(Options)} - {one.name for one in fields(ClassicOptions)}
    shared = {"collection_name", "url_prefix", "primary_key", "validation_exceptions", *PROCESSORS, *OWN_OBJECTS}
    if said & (jsonapi - shared) or keys or names & {"model_for", "simple_serialize", "DefaultSerializer"}:
        return "1.0"
    return None


def _keys(manager: RecordedManager) -> Iterator[str]:
    for options in (manager.options, *(api.options for api in manager.apis)):
        for kind in PROCESSORS:
            yield from options.get(kind) or ()


def check(recording: Recording, generation: str) -> Checked:
    """Hold a recording against what is known of its generation."""
    checker = _Checker(generation)
    sections = [checker.imports(recording)]
    for number, manager in enumerate(recording.managers, 1):
        sections.append(checker.manager(manager, "APIManager" if number == 1 else f"APIManager {number}"))
        sections += [checker.api(manager, api) for api in manager.apis]
    return Checked([one for one in sections if one.findings or one.title.startswith("API")], checker.registries)


class _Checker:
    def __init__(self, generation: str) -> None:
        self.generation = generation
        self.rows = differences_of(generation)
        self.registries = {name: Registry() for name in VOCABULARIES}

    def imports(self, recording: Recording) -> Section:
        """Tell of names that are not there any more, and of those that mean something else."""
        import flask_restless as real

        section = Section("Imports")
        for module, name in dict.fromkeys(recording.imports):
            if module.startswith("flask.ext"):
                section.findings.append(self._found(Topic.IMPORT, "flask.ext.restless", f"{module}.{name}"))
            elif module != "flask_restless" and (module, name) != ("flask_restless.manager", "IllegalArgumentError"):
                section.findings.append(self._found(Topic.IMPORT, "private modules", f"{module}.{name}"))
            elif module == "flask_restless" and name not in real.__all__ and name not in PRIVATE:
                section.findings.append(self._found(Topic.IMPORT, "private modules", name))
            else:
                section.findings += self._about((Topic.IMPORT,), name)
        return section

    def manager(self, manager: RecordedManager, title: str) -> Section:
        """Tell of a manager's options, of its processors, and of defaults that are others now."""
        section = Section(title)
        protocol = PROTOCOL_OF[self.generation]
        if protocol == "classic" and not _speaks_classic(manager):
            section.findings += self._about((Topic.MANAGER,), "protocol")
        if self.generation == "0.6" and not all("classic_version" in api.options for api in manager.apis):
            section.findings += self._about((Topic.MANAGER,), "classic_version")
        if "include_links" not in manager.options:
            section.findings += self._about((Topic.MANAGER,), "include_links")
        if manager.options.get("app") is None and any(manager.options.get(kind) for kind in PROCESSORS):
            section.findings += self._about((Topic.MANAGER,), "preprocessors")
        section.findings += self._gone(manager)
        section.findings += self._processors(manager.options, protocol)
        return section

    def _gone(self, manager: RecordedManager) -> Iterator[Finding]:
        """Tell of keywords and attributes that managers do not have any more."""
        known = signature(APIManager).parameters
        for name in sorted(manager.options.keys() - known.keys()):
            yield Finding(Severity.BREAKS, name, f"APIManager takes no {name}; it takes {', '.join(known)}")
        for name in sorted(manager.asked):
            told = list(self._about((Topic.MANAGER,), name))
            if not told and not hasattr(APIManager, name):
                told = [Finding(Severity.BREAKS, name, f"an APIManager has no {name}")]
            yield from told

    def api(self, manager: RecordedManager, api: RecordedApi) -> Section:
        """Tell of one API: each of its options, its processors, and whether it could be created."""
        options = {name: value for name, value in api.options.items() if name != "app"}
        protocol = options.pop("protocol", None) or manager.options.get("protocol") or PROTOCOL_OF[self.generation]
        section = Section(f"API of {getattr(api.model, '__name__', api.model)}")
        for name in options:
            if name not in (*PROCESSORS, *OTHER_DEFAULTS):
                section.findings += self._about((Topic.OPTION, Topic.SERIALIZER, Topic.READING), name)
        section.findings += self._of_model(api.model, options)
        section.findings += self._processors(options, protocol)
        good = {name: one for name, one in options.items() if name not in OWN_OBJECTS and name not in PROCESSORS}
        good.setdefault("url_prefix", manager.options.get("url_prefix") or "/api")
        section.findings += self._refused(api.model, good, protocol)
        return section

    def _of_model(self, model: type, options: Mapping[str, Any]) -> Iterator[Finding]:
        """Tell what options that were left out mean for a model: its own `query`, its key, its name."""
        mapper: Any = inspect(model, raiseerr=False)
        if not isinstance(mapper, Mapper):
            return
        concerned = {
            "model_query": may_filter(mapper),
            "primary_key": len(mapper.primary_key) > 1,
            "collection_name": bool(mapper.polymorphic_identity) and not mapper.single,
        }
        for name, is_concerned in concerned.items():
            if is_concerned and name not in options:
                subject = f"{model.__name__}.query" if name == "model_query" else name
                for one in self._about((Topic.OPTION,), name):
                    yield replace(one, subject=subject)

    def _refused(self, model: type, options: dict[str, Any], protocol: str) -> Iterator[Finding]:
        """Create an API as far as that is possible, one refused option after the other left out."""
        check = VOCABULARIES[protocol].checked
        while problem := _refusal(partial(self._register, model, options, protocol)):
            culprit = next(
                (one for one in options if _refusal(partial(check, model, {one: options[one]})) == problem), None
            )
            yield Finding(Severity.BREAKS, culprit or "create_api", problem)
            if culprit is None:
                return
            options = {name: value for name, value in options.items() if name != culprit}

    def _register(self, model: type, options: Mapping[str, Any], protocol: str) -> None:
        registry = self.registries[protocol]
        registry.add(inspect_model(model, VOCABULARIES[protocol].checked(model, options), registry, None))

    def _processors(self, options: Mapping[str, Any], protocol: str) -> Iterator[Finding]:
        for kind in PROCESSORS:
            given = options.get(kind) or {}
            for name, subject in remarks(protocol, kind, given):
                yield self._found(Topic.PROCESSOR, name, subject)
            if kind == "postprocessors" and given:
                yield from self._about((Topic.PROCESSOR,), kind)

    def _about(self, topics: tuple[Topic, ...], name: str) -> Iterator[Finding]:
        for row in self.rows:
            if row.topic in topics and row.name == name:
                yield finding(row, name)

    def _found(self, topic: Topic, name: str, subject: str) -> Finding:
        for row in self.rows:
            if row.topic is topic and row.name == name:
                return finding(row, subject)
        return Finding(Severity.FINE, subject, "works as it did")


def finding(row: Difference, subject: str) -> Finding:
    """Say a row of the table of something in particular."""
    cure = f"; {row.cure}" if row.cure else ""
    return Finding(row.severity, subject, f"{row.before} -> {row.after}{cure}", row)


def _speaks_classic(manager: RecordedManager) -> bool:
    if manager.options.get("protocol") == "classic":
        return True
    return bool(manager.apis) and all(api.options.get("protocol") == "classic" for api in manager.apis)


def _refusal(make: Callable[[], object]) -> str | None:
    """Give what today's registration says against something."""
    try:
        make()
    except (IllegalArgumentError, TypeError, ValueError, SQLAlchemyError) as error:
        return str(error)
    return None
