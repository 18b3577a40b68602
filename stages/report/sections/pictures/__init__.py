"""A chapter of the report."""

TITLE = "Pictures: what the layers show and what they look for"
ORDER = 2
