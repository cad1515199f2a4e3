"""The left wing: wire formats.

Each protocol turns a Call into an Operation and an Outcome into a Reply.  None of them can
reach the database, Flask or one another.
"""
