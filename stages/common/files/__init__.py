"""Every file that passes between stages, declared once: what it holds, in which form and unit.

There is a module for each group of stages. `artifacts` writes and reads by these declarations and
checks what it reads against them; the data dictionary in `stages/README.md` is made from them. Who
reads or writes fills in a path's `{names}`; `{label}` is a class's number.

A line of a declaration is `names: form, meaning`. Forms:

    float32 (n, r)       an array of an NPZ file. A letter is a size, the same in the whole file
    int float bool str   a column of a table; an interval is three: name, name_low, name_high
    float?               may be NaN, which is an empty cell in a table

`{layer}` in a name stands for every layer that is in the file, and `r c maps` are its own sizes;
`{label}` stands for every class.
Classes a and b are those of analysis.pair. What has no unit is a count, a share from 0 to 1, or
an activation. Intervals are at 95 % unless the meaning says otherwise.
"""

# ruff: noqa: F401, F403, I001
from stages.common.files.declaration import COMMITTED, File
from stages.common.files.networks import *  # in the order of the data dictionary
from stages.common.files.activations import *
from stages.common.files.measures import *
from stages.common.files.patterns import *
from stages.common.files.dense import *
from stages.common.files.orientation import *
from stages.common.files.similarity import *
from stages.common.files.decoder import *
from stages.common.files.loop import *
from stages.common.files.depth import *
from stages.common.files.directions import *
from stages.common.files.change import *
from stages.common.files.pairs import *
from stages.common.files.attribution import *
from stages.common.files.results import *
from stages.common.files.metrics import *

FILES = tuple(value for value in globals().values() if isinstance(value, File))
