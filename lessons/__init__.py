"""Reads, walks through and checks the lessons of docs/lessons, all from the same text."""
