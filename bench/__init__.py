"""Measures the server beside its peers and writes docs/performance.md: `make bench`."""
