"""Lists as CSV or NDJSON: a second manner of answering for any wire format."""

from .protocol import Exporting

__all__ = ["Exporting"]
