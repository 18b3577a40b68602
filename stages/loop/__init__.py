"""What networks make of a loop in the image; `__main__` is the stage."""
