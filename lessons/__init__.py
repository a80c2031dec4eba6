"""The lessons of docs/lessons: read, walked through and checked, all from the same text."""
