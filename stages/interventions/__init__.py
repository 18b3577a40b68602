"""What the network does when points of its last conv layer are edited; `__main__` is the stage."""
