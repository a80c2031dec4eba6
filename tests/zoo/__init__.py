"""Small servers, each right, or wrong in one way: what `client check` has to tell apart.

Each is a program, started as `python tests/zoo/NAME.py PORT`, as a student would hand it in.
They repeat each other on purpose: each is read alone.
"""
