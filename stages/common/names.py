"""The networks and the splits, as files and settings spell them."""

MODELS = {"cnn": "CNN", "mlp": "MLP"}
SPLITS = ("fit", "validation", "test")
HELD_OUT = ("validation", "test")  # points are selected on the first, reported on the second
