"""What the dense layer does between the last conv layer and the logits; `__main__` is the stage."""
