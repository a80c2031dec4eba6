"""Lanes as SVG."""
