"""`lanes check`: whether a server, in any language, serves its clients at the same time.

    command -> Subject -> score(checks) -> Result -> Scorecard -> report

The checks know only what comes over TCP, but for `threads`, which can watch it (lanes/watch).
Each makes one claim, measures, and says what it saw (its evidence); if the claim does not hold, it
also names the likely cause (its hint).
"""
