"""At which layer the classes separate, and the answer depends on them; `__main__` is the stage."""
