"""Thread Lanes' server: a TCP server that gives every client a thread of its own."""
