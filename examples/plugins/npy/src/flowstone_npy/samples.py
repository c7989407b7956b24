"""Arrays with which the contract suite tries the manager."""

import numpy as np

from flowstone.ir.types import TypeExpr
from flowstone.testing.io_samples import Sample

ARRAY = TypeExpr(name="numpy.ndarray")
SAMPLES = (
    Sample("vector", ARRAY, lambda number: np.arange(number, number + 100)),
    Sample("matrix", ARRAY, lambda number: np.full((3, 2), number / 7)),
    Sample("empty", ARRAY, lambda number: np.zeros((0, number), dtype="float32")),
)
