"""One line a message, escaped, holding nobody up."""
