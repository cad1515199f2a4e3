"""The same blog, served by other libraries, each written from its public documentation."""
