"""What input makes a map fire: a search from random images; `__main__` is the stage."""
