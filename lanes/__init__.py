"""The eyes of the lab: draws and grades what servers did."""
