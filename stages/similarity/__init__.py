"""How alike two images of a class, and of two classes, are in every layer of one CNN."""
