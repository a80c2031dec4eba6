"""One line per message, escaped, written without blocking the caller."""
