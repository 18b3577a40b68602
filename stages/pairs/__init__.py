"""How hard every pair of classes is for one network; `__main__` is the stage."""
