"""What the server tells of itself over HTTP."""
