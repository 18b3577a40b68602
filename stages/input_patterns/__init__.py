"""What input activates a map: a search from random images; `__main__` is the stage."""
