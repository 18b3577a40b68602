"""What one CNN's maps carry, by linear probes; `__main__` is the stage."""
