import logging
from collections.abc import Iterator

import pytest
from hypothesis import settings

from service.texture.compiling import FOLDER, LIBRARY, build
from service.texture.library import LibraryError, load

# A busy machine is no reason for a test to fail: no example is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    """Compile the texture's kernels where pip has not, or not from these sources."""
    if hasattr(config, "workerinput"):
        return  # the process that started this worker has seen to it
    try:
        load(FOLDER / LIBRARY)
    except LibraryError:
        build()


@pytest.fixture(autouse=True)
def logging_stays_as_it_was() -> Iterator[None]:
    """Commands that a test runs by a call set up the logging of the whole process."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first."""
    items.sort(key=lambda item: item.get_closest_marker("early") is None)
