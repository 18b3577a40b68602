"""`make repro`: the stages of DVC's graph, as many at once as wanted; `__main__` runs it."""
