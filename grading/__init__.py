"""`grading/grade`: a folder of submissions -> cards, a grade book, feedback. See docs/grading.md.

It needs only Docker and Python's standard library; there is nothing to install.
"""
