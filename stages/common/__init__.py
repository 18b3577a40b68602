"""What more than one stage needs, and no more. Imports no stage."""
