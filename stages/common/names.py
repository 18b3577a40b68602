"""Words that stand in files, settings and code alike: each is spelt once, here."""

MODELS = {"cnn": "CNN", "mlp": "MLP"}
SPLITS = ("fit", "validation", "test")
HELD_OUT = ("validation", "test")  # points are selected on the first, reported on the second

# Activation patching: images of a become b, or of b become a; what the edited points take.
DIRECTIONS = ("a_to_b", "b_to_a")
MODES = ("interchange", "mean", "zero")
# Orders of points: each by itself, chosen together, and by effect on the logit difference.
RANKINGS = ("auroc", "forward", "effect")

# What the search for input patterns finds of a map.
REACHED, SILENT, UNREACHED, DEAD = "reached", "silent", "unreached", "dead"
CLASS_TARGETS = {"a": (1, 0), "b": (0, 1), "b_minus_a": (-1, 1), "a_minus_b": (1, -1)}
