"""The registry's snapshot as a picture, a page, a trace, metrics. Nothing here serves anybody."""
