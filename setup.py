"""The one step of installing that pyproject.toml cannot say: the texture's kernels are compiled."""

import importlib.util
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

# Loaded by its path, because the packages around it import what is not installed yet.
SPEC = importlib.util.spec_from_file_location(
    "kernels_build", Path(__file__).parent / "service" / "texture" / "compiling.py"
)
kernels = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(kernels)


class BuildKernels(build_ext):
    """Compiles a plain shared library, the same for every Python, where it will be loaded from."""

    def get_ext_filename(self, fullname: str) -> str:
        return str(Path(*fullname.split(".")[:-1]) / kernels.LIBRARY)

    def build_extension(self, ext: Extension) -> None:
        kernels.build(Path(self.get_ext_fullpath(ext.name)).resolve())


setup(
    ext_modules=[Extension("service.texture.kernels", sources=[])],
    cmdclass={"build_ext": BuildKernels},
)
