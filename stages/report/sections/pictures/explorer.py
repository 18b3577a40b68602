"""The words before the explorer, which `page.html` adds to this section."""

ORDER = 90
