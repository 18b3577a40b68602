"""A chapter of the report."""

TITLE = "Methods, limits and settings"
ORDER = 5
