"""What the server reports about itself over HTTP."""
