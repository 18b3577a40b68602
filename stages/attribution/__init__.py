"""Which pixels and which points the answer rests on; `__main__` is the stage."""
