"""Settings of the C library's memory allocator that keep a long-running server small."""

import ctypes
import sys

M_MMAP_THRESHOLD = -3  # from glibc's malloc.h
M_ARENA_MAX = -8

LARGE_BYTES = 1 << 20
ARENAS = 2


def return_memory_eagerly() -> bool:
    """Let photos go back to the system as soon as they are freed; returns whether that was done.

    By default glibc gives every thread an arena of its own and, once large blocks have been freed,
    keeps later ones in the arenas: a server that decodes photos in many threads holds on to the
    largest photo each of them ever saw. Does nothing where the C library is another one.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # musl, for one
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGE_BYTES) and mallopt(M_ARENA_MAX, ARENAS))
