"""How outcomes look, and on which part of a claim one rests."""

from markupsafe import Markup

# Not by colour alone: a symbol and words for each outcome.
SHOWN = {
    "supported": ("✓", "supported"),
    "refuted": ("✗", "refuted"),
    "no difference": ("≈", "no difference that matters"),
    "open": ("?", "open"),
    "does not apply": ("–", "does not apply"),
}


def badge(outcome: str) -> Markup:
    """An outcome as a mark: its symbol, its words, and a class for its colour."""
    symbol, words = SHOWN[outcome]
    name = outcome.replace(" ", "-")
    return Markup(
        f'<span class="outcome {name}"><span aria-hidden="true">{symbol}</span> {words}</span>'
    )


def deciding(claim: dict) -> dict:
    """The part of a claim, as `claims.json` has it, that its outcome rests on.

    The one that speaks most against it, where one does; else an open one; else the weakest.
    """
    kinds = (("refuted", "no difference"), ("open",), ("supported",))
    for kind in kinds:
        if parts := [part for part in claim["parts"] if part["outcome"] in kind]:
            if kind is kinds[0]:
                return min(parts, key=lambda part: part["p_against"] or 0)
            return max(parts, key=lambda part: part["p"] or 0)
    return claim["parts"][0]


def open_because(claim: dict) -> str:
    """Why a claim is open, a clause: its part is, or p is not below 0.05 after adjustment."""
    part = deciding(claim)
    if part["outcome"] == "open":
        return part["reason"]
    against = part["outcome"] != "supported"
    texts = ("a part is against it", "holm_p_against") if against else ("its parts hold", "holm_p")
    return f"{texts[0]}, but that may be chance (adjusted p {claim[texts[1]]:.3f})"
