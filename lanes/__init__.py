"""The eyes of the lab: what servers did, drawn and graded."""
