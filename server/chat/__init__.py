"""The subject of the lab: accept, hand to a thread, answer, record. Start with listener.py."""
