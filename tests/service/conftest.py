from collections.abc import Iterator

import httpx
import pytest

from tests.service.servers import client_of


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.Client]:
    """A server with the dummy engine and default limits."""
    with client_of() as client:
        yield client
