"""The cases that stages write into their files and the report shows: each is spelt once, here."""

from collections.abc import Sequence

# Activation patching: images of a become b, or of b become a; what the edited points take.
DIRECTIONS = ("a_to_b", "b_to_a")
MODES = ("interchange", "mean", "zero")
HALF = 0.5  # of the images, flipped
# Orders of points: each by itself, chosen together, and by effect on the logit difference.
RANKINGS = ("auroc", "forward", "effect")
EXPLAINED = ("hard", "wrong", "listed")  # roles of the exemplars whose points are looked at

# Points: from this distance of its AUROC from 0.5 on one is separating; q-value of significance.
SEPARATING, SIGNIFICANT = 0.2, 0.05

# Of which images points are compared.
EXEMPLARS, SAME_CLASS, DIFFERENT_CLASSES = "exemplars", "same class", "different classes"
SHARED = (EXEMPLARS, SAME_CLASS, DIFFERENT_CLASSES)
OF_A, MOST_SHOWN = 3, 12  # exemplars of class a that are compared; side by side in a figure

# What the search for input patterns says of a map.
REACHED, SILENT, UNREACHED, DEAD = "reached", "silent", "unreached", "dead"
CLASS_TARGETS = {"a": (1, 0), "b": (0, 1), "b_minus_a": (-1, 1), "a_minus_b": (1, -1)}

# What an image is decoded from: a layer, after or before training; controls without a network.
TRAINED, UNTRAINED, COMPONENTS, MEAN_IMAGE = "trained", "untrained", "components", "mean"

# A loop closed by a stroke; the stroke with a gap, lower, or turned about a tip; one elsewhere;
# another loop closed. A loop opened at the top; a narrow opening; as much erased elsewhere; opened
# at another side.
CLOSING = CLOSED, GAP, LOWER, HINGED, DRAWN, CLOSED_ELSEWHERE = (
    "closed", "gap", "lower", "hinged", "drawn elsewhere", "closed elsewhere",
)  # fmt: skip
OPENING = OPENED, NARROW, ERASED, OPENED_ELSEWHERE = (
    "opened", "narrow", "erased elsewhere", "opened elsewhere",
)  # fmt: skip


def shown_exemplars(
    role: Sequence[str], label: Sequence[int], pair: tuple[int, int], contrast: tuple[int, ...]
) -> list[int]:
    """Which of the n exemplars, by `role` and `label`, figures show: their rows, in order.

    Up to three of class a, the typical one of b, and one of each contrast class. Of images that
    `analysis.exemplars` lists, those of a first, at most MOST_SHOWN.
    """
    keys, (a, b) = list(zip(role, label, strict=True)), pair
    if "listed" in role:
        of_a = [row for row, (_, of) in enumerate(keys) if of == a][:OF_A]
        return [*of_a, *(row for row in range(len(keys)) if row not in of_a)][:MOST_SHOWN]
    wanted = [("clear", a), ("typical", a), ("hard", a), ("typical", b)]
    wanted += [("contrast", of) for of in contrast]
    return [keys.index(key) for key in wanted if key in keys]
