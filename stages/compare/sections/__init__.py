"""The sections of the page, each a module and a template as in `report.page`, of a `Comparison`."""
