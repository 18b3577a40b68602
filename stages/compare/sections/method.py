"""How experiments are compared."""

ORDER = 9
