"""A chapter of the report."""

TITLE = "Networks: how accurate, and how alike"
ORDER = 4
