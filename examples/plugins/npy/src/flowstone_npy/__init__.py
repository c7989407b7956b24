"""An IO manager for FlowStone, of type ``npy``: numpy arrays as .npy files."""

import io
from typing import Any, ClassVar

import numpy as np

from flowstone.errors import UnsupportedTypeError
from flowstone.io.contract import Options, Slot, Traits
from flowstone.io.file_manager import Content, FileConfig, FileManager, FileOptions
from flowstone.io.paths import location
from flowstone.io.record import Record
from flowstone.ir.types import UNKNOWN, TypeExpr


class NpyManager(FileManager):
    """Stores each array as one file, below a folder or in an object store."""

    Config: ClassVar[type[Options]] = FileConfig
    AssetOptions: ClassVar[type[Options]] = FileOptions
    traits: ClassVar[Traits] = Traits(durable=True, shared=None)
    default_extension: ClassVar[str] = ".npy"

    @classmethod
    def refuses(cls, type: TypeExpr, options: Options, *, loading: bool) -> str | None:
        return None if type.name in ("numpy.ndarray", UNKNOWN) else f"{type} is no numpy array"

    @classmethod
    def location(cls, asset: str, options: Options, *, partitioned: bool) -> str | None:
        return location(asset, getattr(options, "path", None), ".npy", partitioned=partitioned)

    def prepare(self, slot: Slot, value: Any) -> Content:
        if not isinstance(value, np.ndarray) or value.dtype.hasobject:
            raise UnsupportedTypeError(f"{slot.label}: an array of numbers is wanted, not {type(value).__name__}")
        facts = {"dtype": str(value.dtype), "shape": list(value.shape)}
        return Content(".npy", facts, lambda draft: np.lib.format.write_array(draft, value, allow_pickle=False))

    def restore(self, slot: Slot, record: Record, data: bytes, type: TypeExpr | None) -> Any:
        return np.load(io.BytesIO(data), allow_pickle=False)
