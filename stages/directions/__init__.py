"""Points against other bases of their space, and single directions; `__main__` is the stage."""
