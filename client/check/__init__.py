"""`python -m client check`: whether a server, anybody's, serves its clients at the same time.

    options -> Subject -> score(checks) -> Result -> Scorecard -> report

Black box: all that is known of the server is what comes over TCP. Each check makes one claim,
measures, and says what it saw (its evidence); where the claim does not hold it also says what most
often is the cause (its hint).
"""
