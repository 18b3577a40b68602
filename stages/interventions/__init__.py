"""What the network does when chosen points of conv_3 are edited; `__main__` is the stage."""
