"""What differs between the experiments: their settings."""

from stages.compare import written
from stages.compare.comparison import Comparison

ORDER = 1


def numbers(comparison: Comparison) -> dict:
    """A row for each setting that is not the same in all."""
    cells = [
        {key: "none" if values[at] is None else str(values[at])
         for key, values in comparison.differs.items()}
        for at in range(len(comparison.experiments))
    ]  # fmt: skip
    return {
        "columns": written.columns(comparison, "setting"),
        "rows": written.rows(cells),
        "same": len(comparison.settings) - len(comparison.differs),
    }
