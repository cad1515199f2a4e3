"""The right wing: what is asked becomes SQL, and SQL's answer becomes an Outcome.  It knows of no wire format."""
