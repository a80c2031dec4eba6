"""`make bench`: measures the server next to its peers and writes docs/performance.md."""
