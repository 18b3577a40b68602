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

    Of a refuted claim the one that speaks most against it, else the weakest.
    """
    refuted = claim["outcome"] == "refuted"
    wanted = {"refuted": ("refuted", "no difference"), "open": ("open",)}
    wanted = wanted.get(claim["outcome"], ("supported",))
    parts = [part for part in claim["parts"] if part["outcome"] in wanted] or claim["parts"]
    p = "p_against" if refuted else "p"
    return (min if refuted else max)(parts, key=lambda part: part[p] or 0)


def open_because(claim: dict) -> str:
    """Why a claim is open, a clause: its part is, or p is not below 0.05 after adjustment."""
    if reason := deciding(claim)["reason"]:
        return reason
    refuted = {part["outcome"] for part in claim["parts"]} & {"refuted", "no difference"}
    texts = ("a part is against it", "holm_p_against") if refuted else ("all parts hold", "holm_p")
    return f"{texts[0]}, but that may be chance (adjusted p {claim[texts[1]]:.2f})"
