"""Statistics of all points at once against a loop over scikit-learn."""

import numpy as np
from sklearn.metrics import roc_auc_score

from stages.common import measures

from . import paired, report

IMAGES, POINTS = 1000, 1152  # a class; of the last conv layer


def auroc() -> None:
    """AUROC of every point of the last conv layer."""
    generator = np.random.default_rng(0)
    a, b = np.maximum(generator.normal(size=(2, IMAGES, POINTS)), 0).astype(np.float32)
    both, labels = np.concatenate([a, b]), np.repeat([0, 1], IMAGES)

    def ours() -> np.ndarray:
        return measures.auroc(a, b).value

    def loop() -> np.ndarray:
        return np.array([roc_auc_score(labels, point) for point in both.T])

    np.testing.assert_allclose(ours(), loop(), atol=1e-9)
    title = f"auroc: {POINTS:,} points in {2 * IMAGES:,} images"
    report(title, "all at once", "a loop over scikit-learn", paired(ours, loop, turns=5))
