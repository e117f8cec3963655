"""Rows of the small encoders' table, and vectors of length one."""

import numpy as np

from support.encoder_files import TABLE, WORDS


def row(word):
    return TABLE[WORDS.index(word)]


def unit(vector):
    return vector / np.linalg.norm(vector)
