"""The smallest change of an image that changes the answer; `__main__` is the stage."""
