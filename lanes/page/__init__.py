"""Lanes as a page that keeps itself up to date, and as a report."""
