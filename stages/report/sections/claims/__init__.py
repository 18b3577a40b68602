"""A chapter of the report."""

TITLE = "Claims of the article series, and how they were judged"
ORDER = 1
