"""A chapter of the report."""

TITLE = "Methods: counting, measuring, limits and settings"
ORDER = 5
