"""A stand-in for the package while an application of an earlier generation is imported: it records, and serves nothing.

Options that no longer exist do not stop the application, since nothing looks at them before the import is over.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from flask import Blueprint

PACKAGES = ("flask_restless", "flask.ext.restless", "flask.ext")


@dataclass(slots=True)
class RecordedApi:
    """One call of `create_api` or `create_api_blueprint`."""

    model: type
    options: dict[str, Any]


@dataclass(slots=True)
class RecordedManager:
    """One `APIManager`, and what was asked of it.

    `asked` holds the names of other attributes that the application used.
    """

    options: dict[str, Any]
    apis: list[RecordedApi] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Recording:
    """All that an application said: the names it imported as (module, name), and its managers."""

    imports: list[tuple[str, str]] = field(default_factory=list)
    managers: list[RecordedManager] = field(default_factory=list)


class Anything:
    """Stands for a name that is not there any more: it may be called, subclassed, and asked for anything."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Be what a function or a decorator may give."""
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()


MANAGER_ARGUMENTS = ("app", "session", "flask_sqlalchemy_db", "preprocessors", "postprocessors", "url_prefix")


def manager_class(recording: Recording) -> type:
    """Make the class that stands for `APIManager`."""

    class APIManager:
        def __init__(self, *args: Any, **options: Any) -> None:
            self._recorded = RecordedManager({**dict(zip(MANAGER_ARGUMENTS, args, strict=False)), **options})
            recording.managers.append(self._recorded)

        def init_app(self, app: Any, *args: Any, **options: Any) -> None:
            self._recorded.options |= options | {"app": app}

        def create_api(self, model: type, *args: Any, **options: Any) -> Blueprint:
            return self.create_api_blueprint(model, **options)

        def create_api_blueprint(self, first: Any, *args: Any, **options: Any) -> Blueprint:
            """Take a model, or a name and a model."""
            model = first if isinstance(first, type) else options.pop("model", None) or args[0]
            self._recorded.apis.append(RecordedApi(model, options))
            return Blueprint(f"recorded{id(options)}", "recorded", root_path=".")

        def __getattr__(self, name: str) -> Any:
            self._recorded.asked.add(name)
            return Anything()

    return APIManager


class _Module(ModuleType):
    """Stands for one module of the package: what is there today is given, and everything else is recorded."""

    def __init__(self, name: str, recording: Recording, stand_ins: dict[str, Any]) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self._recording = recording
        self._stand_ins = stand_ins

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._recording.imports.append((self.__name__, name))
        return self._stand_ins.get(name, Anything)


class _Finder(MetaPathFinder, Loader):
    """Finds a stand-in for every module of the package, whatever it is called."""

    def __init__(self, make: Callable[[str], ModuleType]) -> None:
        self._make = make

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in PACKAGES or fullname.startswith(("flask_restless.", "flask.ext.")):
            return ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._make(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        return None


def record(load: Callable[[], Any]) -> Recording:
    """Give what `load`, which imports an application, says to the package; its exceptions pass."""
    import flask_restless as real

    recording = Recording()
    helpers = ("url_for", "model_for", "collection_name", "serializer_for", "primary_key_for", "register_operator")
    stand_ins = {name: getattr(real, name) for name in real.__all__}
    stand_ins |= {name: Anything() for name in helpers} | {"APIManager": manager_class(recording)}
    with _in_place_of_the_package(lambda name: _Module(name, recording, stand_ins)):
        load()
    return recording


@contextmanager
def _in_place_of_the_package(make: Callable[[str], ModuleType]) -> Iterator[None]:
    """Have the package's name mean stand-ins inside the block; afterwards it means what it did."""
    finder = _Finder(make)
    mine = {name: module for name, module in sys.modules.items() if _is_ours(name)}
    for name in mine:
        del sys.modules[name]
    sys.meta_path.insert(0, finder)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if _is_ours(name)]:
            del sys.modules[name]
        sys.modules.update(mine)
        vars(sys.modules["flask"]).pop("ext", None)


def _is_ours(name: str) -> bool:
    return name in PACKAGES or name.startswith(("flask_restless.", "flask.ext."))
