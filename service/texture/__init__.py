"""Texture from the photo's own pixels: what a network filled, rebuilt from copies of what is known.

Pure functions over arrays that know neither HTTP nor ONNX Runtime: `find_contexts` says which
holes are filled together and what they see, `transfer` fills them. The work is done by kernels in
C, which the installation compiles (`service.texture.build`).
"""

from service.texture.contexts import Context, find_contexts
from service.texture.crew import Crew
from service.texture.library import LibraryError
from service.texture.transfer import Transferred, memory_of, transfer

__all__ = [
    "Context",
    "Crew",
    "LibraryError",
    "Transferred",
    "find_contexts",
    "memory_of",
    "transfer",
]
