"""The factory floor as an event model: lines of stations, buffers and pools, played part by part.

`line` declares, `check` finds what is wrong, `run.simulate` plays replications and tells them with intervals. Underneath,
`recursion` gives the departures of serial lines where that is exact, and `events` plays any line. Both draw the same numbers.
"""
