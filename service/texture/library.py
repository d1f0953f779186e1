"""The compiled kernels: loaded once, refused where they were made of other sources."""

import ctypes
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from service.texture.compiling import FOLDER, LIBRARY, digest

Array = ctypes.c_void_p
Int = ctypes.c_int32
Float = ctypes.c_float


class ScaleStruct(ctypes.Structure):
    """`Scale` of kernels/texture.h."""

    _fields_ = (
        ("height", Int),
        ("width", Int),
        ("top", Int),
        ("left", Int),
        ("rows", Int),
        ("columns", Int),
        ("picture", Array),
        ("guide", Array),
        ("state", Array),
        ("weight", Array),
        ("field", Array),
        ("distance", Array),
    )


class SweepStruct(ctypes.Structure):
    """`Sweep` of kernels/search.c."""

    _fields_ = (
        ("radius", Int),
        ("lambda_", Float),
        ("mu", Float),
        ("reluctance", Float),
        ("reverse", Int),
        ("measure", Int),
        ("widest", Int),
        ("key", ctypes.c_uint64),
        ("offsets", Array),
        ("count", Int),
        ("centres", Array),
        ("centre_count", Int),
    )


class CleaningStruct(ctypes.Structure):
    """`Cleaning` of kernels/labels.c."""

    _fields_ = (("seam", Float), ("missing", Float))


class BlocksStruct(ctypes.Structure):
    """`Blocks` of kernels/texture.h."""

    _fields_ = (("first", Int), ("last", Int), ("rows", Int), ("step", Int))


_SCALE = ctypes.POINTER(ScaleStruct)
_SIGNATURES: dict[str, tuple[Any, Sequence[Any]]] = {
    "texture_sweep": (None, (_SCALE, ctypes.POINTER(SweepStruct), BlocksStruct)),
    "texture_begin": (None, (_SCALE, _SCALE, Array, Int, ctypes.c_uint64)),
    "texture_vote": (None, (_SCALE, Int, Array, Array, BlocksStruct)),
    "texture_clean": (
        Int,
        (_SCALE, ctypes.POINTER(CleaningStruct), Array, Array, Int, BlocksStruct),
    ),
    "texture_prepare": (None, (_SCALE, Array, Float, Array, Array, BlocksStruct)),
    "texture_relax": (None, (_SCALE, Float, Float, Array, Array, BlocksStruct)),
    "texture_halve": (None, (*(Array,) * 3, *(Int,) * 3, *(Array,) * 3, Int, Int)),
    "texture_centres": (Int, (Array, Int, Int, Array, Int)),
    "texture_errors": (None, (_SCALE, Array, Int, Int, Int, Array, Array)),
    "texture_refine": (None, (_SCALE, Array, Int, Int, Array)),
    "texture_choose": (None, (_SCALE, Array, Int, Int, *(Array,) * 3, BlocksStruct)),
}


class LibraryError(RuntimeError):
    """The compiled kernels cannot be used; the text says why in words."""


@cache
def kernels() -> ctypes.CDLL:
    """The library that the installation compiled; its functions let go of Python's lock.

    Raises:
        LibraryError: it is missing, not for this machine, or made of other sources.
    """
    return load(FOLDER / LIBRARY)


def load(path: Path) -> ctypes.CDLL:
    """Load a library of kernels.

    Raises:
        LibraryError: it is missing, not for this machine, or made of other sources.
    """
    remedy = "build it with `python -m service.texture.build`, or install the project again"
    if not path.is_file():
        raise LibraryError(f"the compiled kernels {path} are missing; {remedy}")
    try:
        library = ctypes.CDLL(str(path))
        library.texture_digest.restype = ctypes.c_char_p
        made_of = library.texture_digest()
    except (OSError, AttributeError) as error:
        raise LibraryError(f"the compiled kernels {path} cannot be loaded: {error}") from error
    if made_of != digest().encode():
        raise LibraryError(f"the kernels {path} were compiled from other sources; {remedy}")
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, list(arguments)
    return library


def address(array: NDArray[Any] | None) -> int | None:
    """Where an array's first element is; the array must be contiguous and outlive its use."""
    if array is None:
        return None
    if not array.flags.c_contiguous:
        raise ValueError("a kernel takes contiguous arrays only")
    return array.ctypes.data
