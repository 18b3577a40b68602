"""A chapter of the report."""

TITLE = "Causes: what separates the classes, and what changes the answer"
ORDER = 3
