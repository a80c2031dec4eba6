"""Lanes as text for a terminal."""
