"""A folder of submissions -> cards, a grade book, feedback: `grading/grade`. See docs/grading.md.

It needs Docker and Python's standard library; nothing has to be installed.
"""
