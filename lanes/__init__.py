"""The eyes of the lab: what servers did, drawn, followed and judged."""
