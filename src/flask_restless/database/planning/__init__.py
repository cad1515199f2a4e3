"""Pure planning: operations to statements.  No Session is seen here."""
