"""How everything was measured: a text that is the same for every run."""

ORDER = 20
