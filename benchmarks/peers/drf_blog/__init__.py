"""A Django application over the blog's tables."""
