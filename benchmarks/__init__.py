"""Benchmarks: our pages and writes against a view written by hand."""
