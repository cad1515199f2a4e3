"""Ground layer 2: what can be asked of the database and answered by it, as immutable values.

Protocols make these values, the database wing carries them out; neither sees the other.
"""
