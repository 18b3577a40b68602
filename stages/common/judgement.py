"""In which commit thresholds, margins and rules were fixed, and what has moved since."""

from stages.common.params import Claims

# The rule in it is common/inference.py, the designs are those of stages/claims.
COMMIT = "3c7a384a4800400f200bdfc753c6ec25ec4f6d77"
FIXED = {
    "few_points": 0.05,
    "accuracy_margin": 0.005,
    "few_of_random": 0.2,
    "silent_in": 0.95,
    "silence_shared": 0.5,
    "silence_gain": 0.2,
    "same_filters": 0.8,
    "order_margin": 0.05,
    "shift_loss": 0.01,
}  # under `claims` in params.yaml, then


def moved(claims: Claims) -> list[str]:
    """What is not as it was fixed, a phrase each: `claims.few_points is 0.1, was 0.05`."""
    now = claims.model_dump()
    return [
        f"claims.{name} is {now[name]:g}, was {fixed:g}"
        for name, fixed in FIXED.items()
        if now[name] != fixed
    ]
