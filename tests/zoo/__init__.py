"""Small servers, each right, or wrong in one way: `lanes check` must tell them apart.

Each of `servers` is a program, started as `python servers/NAME.py PORT`, as a student would hand
it in. They repeat each other on purpose: each is read alone.
"""
