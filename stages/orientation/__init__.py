"""Which way the strokes in maps run, and what is active on background."""
