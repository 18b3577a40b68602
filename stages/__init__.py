"""One module per stage of `dvc.yaml`; `common` holds what more than one stage needs."""

import os

# TensorFlow reads this while it is imported: warnings and errors only.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
