"""Configuration of the documentation's build."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))
sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
sys.path.append(str(Path(__file__).parent.parent / "tests"))

project = "Flask-Restless"
copyright = "2011-2026, the Flask-Restless authors"
author = "the Flask-Restless authors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "tables", "conformance", "threats", "migration"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
html_theme = "furo"
html_title = "Flask-Restless 2"
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "description"
exclude_patterns = ["_build", "explanation/benchmarks/*.md"]
