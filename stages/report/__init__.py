"""The report: results are read, drawn, written as prose and rendered."""
