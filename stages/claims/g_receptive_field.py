"""G: a point of the last conv layer covers 18 x 18 pixels, its neighbour's field is 5 px away."""

from stages.claims.parts import PIXELS, Claim, Part, Run, files


def claim(run: Run) -> Claim:
    """Size and stride of the receptive field, the same for every network."""
    field, stride = 18, 5  # pixels
    how = "measured with positive weights and one lit pixel at a time, for every point"
    lacking = f"{run.last} has no points to measure it between"
    both = {"where": {"layer": run.last}, "rule": "exactly", "lacking": lacking}
    return Claim(f"A node of the last layer covers {field} x {field} pixels at stride {stride}", (
        Part(
            "field", files.FIELD_SIZES, "size", "exactly", field, PIXELS, **both,
            statistic=f"height and width of the pixels that reach a point of {run.last}",
            holds=f"A point of {run.last} covers {field} x {field} pixels",
            fails=f"A point of {run.last} does not cover {field} x {field} pixels",
            measured="each side of what reaches it is {values}; " + how,
        ),
        Part(
            "stride", files.FIELD_SIZES, "stride", "exactly", stride, PIXELS, **both,
            statistic=f"distance between the pixels that reach neighbouring points of {run.last}",
            holds=f"Neighbouring points of {run.last} are {stride} pixels apart",
            fails=f"Neighbouring points of {run.last} are not {stride} pixels apart",
            measured="what reaches them is {values} apart; " + how,
        ),
    ))  # fmt: skip
