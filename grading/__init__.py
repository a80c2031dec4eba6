"""A folder of submissions -> cards, a grade book, feedback: `grading/grade`. See docs/grading.md.

It needs Docker and this Python's standard library, and nothing that would have to be installed.
"""
