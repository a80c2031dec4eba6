"""Small servers, each right or wrong in one way; `lanes check` must tell them apart.

Each file in `servers` is a program as a student would hand it in: `python servers/NAME.py PORT`.
They repeat each other on purpose, so that you can read each on its own.
"""
