"""One module per stage of `dvc.yaml`; `common` holds what more than one stage needs.

`repro` runs the stages, several at once.
"""

import os

# TensorFlow reads this while it is imported. What goes wrong arrives as an exception anyway.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# OpenBLAS reads this as NumPy is imported. Most products are small: a second thread waits more than
# it helps. And one thread adds in one order, so outputs do not depend on how many cores there are.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
