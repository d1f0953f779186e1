"""The steps of installing that pyproject.toml cannot say.

The texture's kernels are compiled, and a wheel carries what it serves: the bundled model's 8-bit
variant, and of the packages only the service.
"""

import importlib.util
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent

# Loaded by its path, because the packages around it import what is not installed yet.
SPEC = importlib.util.spec_from_file_location(
    "kernels_build", ROOT / "service" / "texture" / "compiling.py"
)
kernels = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(kernels)

# What is in a wheel as service/models; a checkout has it in models/.
MODEL_FILES = ("inpaint.int8.onnx", "MODEL_CARD.md", "DATA_NOTICE.md")


class BuildService(build_py):
    """Adds the model, and leaves out the packages that train and export."""

    def finalize_options(self) -> None:
        super().finalize_options()
        if not self.editable_mode:
            self.packages = [name for name in self.packages if name.split(".")[0] == "service"]

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        folder = Path(self.build_lib) / "service" / "models"
        self.mkpath(str(folder))
        for name in MODEL_FILES:
            self.copy_file(str(ROOT / "models" / name), str(folder / name))


class BuildKernels(build_ext):
    """Compiles a plain shared library, the same for every Python, where it will be loaded from."""

    def get_ext_filename(self, fullname: str) -> str:
        return str(Path(*fullname.split(".")[:-1]) / kernels.LIBRARY)

    def build_extension(self, ext: Extension) -> None:
        kernels.build(Path(self.get_ext_fullpath(ext.name)).resolve())


class Wheel(bdist_wheel):
    """One wheel for all versions of Python: the kernels do not use its interface."""

    def get_tag(self) -> tuple[str, str, str]:
        return "py3", "none", super().get_tag()[2]


setup(
    ext_modules=[Extension("service.texture.kernels", sources=[])],
    cmdclass={"bdist_wheel": Wheel, "build_ext": BuildKernels, "build_py": BuildService},
)
