"""Networks for tests of the pool: their loads wait for a gate, and their engines tell their end."""

import asyncio
import threading
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from service.engine.dummy import DummyEngine
from service.networks.network import Network
from service.networks.pool import Networks
from service.record import Record
from service.ticket import Ticket
from tests.service.servers import PATIENCE_S, SIZES


class Counted(DummyEngine):
    """Takes so many bytes, and can be closed once."""

    def __init__(self, memory_bytes: int = 0) -> None:
        super().__init__(SIZES)
        self._info = replace(self._info, memory_bytes=memory_bytes, first_sizes=SIZES[:1])
        self.closed = 0
        self.warmed: list[tuple[int, ...]] = []

    def warm_up(self, sizes=()):
        self.warmed.append(tuple(sizes))
        return super().warm_up(sizes)

    def close(self) -> None:
        self.closed += 1


class Loader:
    """Loads what a pool asks for, when its gate is open.

    Attributes:
        gate: Lets loads go on.
        loads: Names, in the order in which their loads began.
        failing: Names that cannot be loaded, and why.
        engines: Those that were made, by name, the latest last.
        told: What the pool told of loads and drops, in order.
    """

    def __init__(self, memory_bytes: int = 1) -> None:
        self.gate = threading.Event()
        self.loads: list[str] = []
        self.failing: dict[str, Exception] = {}
        self.engines: dict[str, list[Counted]] = {}
        self.told: list[tuple[str, str]] = []
        self._memory_bytes = memory_bytes

    def engine(self, name: str) -> Counted:
        engine = Counted(self._memory_bytes)
        self.engines.setdefault(name, []).append(engine)
        return engine

    def __call__(self, name: str, _: Path) -> Network:
        self.loads.append(name)
        assert self.gate.wait(PATIENCE_S)
        if name in self.failing:
            raise self.failing[name]
        network = Network(name, self.engine(name))
        network.start()
        return network

    @property
    def alive(self) -> set[str]:
        """Names of the networks that have an engine which is not closed."""
        return {name for name, made in self.engines.items() if not all(e.closed for e in made)}

    @asynccontextmanager
    async def pool(
        self, folder: Path, *names: str, room: int = 100, check=None, clock=time.monotonic
    ):
        """A pool of a default network and others, whose files are made where there are none."""
        files = {name: folder / f"{name}.onnx" for name in ("default", *names)}
        for file in files.values():
            if not file.exists():
                file.touch()
        default = Network("default", self.engine("default"))
        default.start()
        networks = Networks(
            files,
            default,
            load=self,
            check=check,
            memory_bytes=room,
            clock=clock,
            on_load=lambda name, network, _: self.told.append(
                (name, "failed" if network is None else "loaded")
            ),
            on_drop=lambda name: self.told.append((name, "dropped")),
        )
        try:
            yield networks
        finally:
            self.gate.set()
            await networks.close()


class Visitor:
    """A request that uses a network until it is told to leave."""

    def __init__(self, networks: Networks, name: str | None, allowed_s: float = PATIENCE_S) -> None:
        self.record = Record("id", "/inpaint", Ticket(allowed_s))
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.network: Network | None = None
        self._leave = asyncio.Event()
        self._inside = asyncio.Event()
        self.task = asyncio.create_task(self._visit(networks, name))

    async def _visit(self, networks: Networks, name: str | None) -> None:
        async with networks.use(name, self.record, self.gone) as network:
            self.network = network
            self._inside.set()
            await self._leave.wait()

    async def inside(self) -> "Visitor":
        """Wait until it has its network."""
        inside = asyncio.create_task(self._inside.wait())
        await asyncio.wait({inside, self.task}, return_when=asyncio.FIRST_COMPLETED)
        if not inside.done():
            inside.cancel()
            await self.task
        return self

    async def leave(self) -> None:
        """Come to its end."""
        self._leave.set()
        await self.task

    def go_away(self) -> None:
        """As a client that closes its connection."""
        self.record.ticket.cancel()
        self.gone.set_result(None)


async def happens(condition) -> None:
    """Wait until something is so, as the event loop turns."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.001)
