"""The claims of the work reproduced, each judged by all networks; `__main__` is the stage."""
