"""Thread Lanes' server: a TCP server that gives every client its own thread."""
