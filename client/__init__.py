"""Thread Lanes' clients: `run` plays a script, `chat` talks with a person."""
