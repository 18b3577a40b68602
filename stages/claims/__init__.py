"""The claims of the work reproduced, each judged by all networks; `__main__` is the stage.

A claim is one file here, `LETTER_WORDS.py`: a function `claim` gives its words, its thresholds, and
the columns of earlier stages' files that it reads. The letter is its id. Nothing else names it.
"""
