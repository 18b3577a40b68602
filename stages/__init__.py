"""One module per stage of `dvc.yaml`; `common` holds what more than one stage needs.

`repro` runs the stages, several at once.
"""

import os

# TensorFlow reads this while it is imported. What goes wrong arrives as an exception anyway.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
