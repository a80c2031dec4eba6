"""`lanes check`: tests whether a server, in any language, serves its clients at the same time.

    command -> Subject -> score(checks) -> Result -> Scorecard -> report

The checks see only what comes over TCP; `threads` alone can also watch the server (lanes/watch).
Each check makes one claim, measures, and reports what it saw (its evidence). If the claim does not
hold, it also names the likely cause (its hint).
"""
