"""Generated code under construction, for loops over rows that are worth their own function.

Only numbers and the generator's own identifiers are pasted into the source; every name that comes from a model is
bound as a constant in the function's namespace.
"""

from __future__ import annotations

from typing import Any


class Source:
    """The constants of a function, and at last the function itself, which is named `render` in its text."""

    def __init__(self, **names: Any) -> None:
        self.names: dict[str, Any] = dict(names)

    def constant(self, value: Any) -> str:
        """Bind a value in the namespace and give its name."""
        name = f"k{len(self.names)}"
        self.names[name] = value
        return name

    def function(self, text: str) -> Any:
        """Compile a definition of `render` and give the function."""
        exec(compile(text, "<row code>", "exec"), self.names)  # noqa: S102  (the source holds no foreign text)
        return self.names["render"]
