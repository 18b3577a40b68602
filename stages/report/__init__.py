"""The report: results are read, drawn, told and rendered."""
