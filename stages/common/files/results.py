"""Files of `claims` and `report`: outcomes, curves, and other runs that stand beside this one."""

from stages.common.files.declaration import COMMITTED, File

# fmt: off
SETTINGS = File("params.yaml", COMMITTED, "The settings, each with its meaning and its values.")
PIPELINE = File("dvc.yaml", COMMITTED, "The stages: what each reads and writes.")
LOCK = File("dvc.lock", COMMITTED, "What DVC made, of what: hashes and settings, by stage.")
CLAIMS = File("reports/claims.json", "claims",
    "A list, an entry a claim: `id`, `name`, `claim`, `outcome`, `p` for it, `p_against` it, both "
    "adjusted (`holm_p`, `holm_p_against`; null where none), and `parts`, each with `part`, "
    "`statistic`, `outcome`, `reason` (why it is open), `p`, `p_against`; `values` (a replicate "
    "each: `seed` or `seeds`, `value`, `low`, `high` over images); `mean`, `low`, `high` (95 % "
    "interval for a new network), `prediction_low`, `prediction_high`; `side`, `threshold`, "
    "`margin`; `alone`, how many replicates clear the threshold by themselves; `result` and "
    "`because` in words, and `short`, the numbers as text.")
# `dvc plots` draws these. All but the last have a curve for each panel and seed. Panels have the
# same names in every experiment, whatever its pair or dataset.
PLOT_CURVES = File("reports/plots/curves.csv", "report", "How the networks learned.", """
    panel: str, CNN or MLP
    seed epoch: int, from 1
    val_accuracy val_loss: float, validation images; nats""")
PLOT_PROBES = File("reports/plots/probe_curve.csv", "report", "Linear probes on k points.", """
    panel: str, ranking
    seed k: int, points
    error: float, share of the pair's test images""")
PLOT_PATCHING = File("reports/plots/patching.csv", "report", "Activation patching of k points.", """
    panel: str, direction and mode
    seed k: int, points
    flipped: float, share of the images answered rightly""")
PLOT_AUROC = File("reports/plots/auroc.csv", "report", "How single points separate the pair.", """
    panel: str, last conv layer
    seed: int, of the training
    auroc live_points: float, middle of a bin; share of the live points in it""")
PLOT_TRANSLATION = File("reports/plots/translation.csv", "report", "On translated images.", """
    panel: str, CNN or MLP
    seed pixels: int, distance
    accuracy: float, all classes""")
PLOT_LAYERS = File("reports/plots/layers.csv", "report", "Linear probes, by layer.", """
    panel: str, after or before training
    seed: int, of the training
    layer: str, pixels, conv, pool or dense
    error: float, share of the pair's test images""")
PLOT_CONFUSIONS = File("reports/plots/confusions.csv", "report", "Wrong answers, test images.", """
    panel actual predicted: str, CNN or MLP; names of the classes
    images: float, mean over the seeds""")
# Runs with other settings. How they are made stands in stages/README.md.
CLAIMS_BESIDE = File("reports/runs/{beside}/reports/claims.json", COMMITTED,
    "As `reports/claims.json`, of another run; `report/beside.py` names them.")
METRICS_BESIDE = File("reports/runs/{beside}/reports/metrics.json", COMMITTED, "Its metrics.")
PARAMS_BESIDE = File("reports/runs/{beside}/params.yaml", COMMITTED, "Its settings.")
