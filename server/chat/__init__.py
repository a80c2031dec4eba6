"""What the lab is about: accept, hand to a thread, answer, note. Reads top to bottom."""
