"""`python -m service.texture.build`: compile the kernels in place, as `pip install` does."""

import sys

from service.texture.compiling import BuildError, build

if __name__ == "__main__":
    try:
        print(f"built {build()}")
    except BuildError as problem:
        sys.exit(f"cannot build: {problem}")
