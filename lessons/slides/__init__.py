"""A talk of twenty minutes, made of the lessons' text and pictures."""
