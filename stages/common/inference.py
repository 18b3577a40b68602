"""When what several networks show decides a claim."""

from typing import Literal

Outcome = Literal["supported", "refuted", "no difference", "open", "does not apply"]
NETWORKS = 5  # fewer decide nothing
