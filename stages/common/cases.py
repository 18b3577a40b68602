"""The cases that stages write into their files and the report shows: each is spelt once, here."""

# Activation patching: images of a become b, or of b become a; what the edited points take.
DIRECTIONS = ("a_to_b", "b_to_a")
MODES = ("interchange", "mean", "zero")
HALF = 0.5  # of the images, flipped
# Orders of points: each by itself, chosen together, and by effect on the logit difference.
RANKINGS = ("auroc", "forward", "effect")
EXPLAINED = ("hard", "wrong", "listed")  # roles of the exemplars whose points are looked at

# Points: from this distance of its AUROC from 0.5 on one is separating; q-value of significance.
SEPARATING, SIGNIFICANT = 0.2, 0.05

# What the search for input patterns says of a map.
REACHED, SILENT, UNREACHED, DEAD = "reached", "silent", "unreached", "dead"
CLASS_TARGETS = {"a": (1, 0), "b": (0, 1), "b_minus_a": (-1, 1), "a_minus_b": (1, -1)}
