"""A twenty-minute talk, made of the lessons' text and pictures."""
