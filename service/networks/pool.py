"""The networks of one server: loaded when first asked for, dropped when others need the memory."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from service.engine.base import EngineError
from service.errors import ModelRefused, Unavailable, UnknownModel
from service.networks.network import Network
from service.networks.refusal import Check, Refusal, examine, public, stamp_of
from service.operation.allocator import return_unused
from service.record import Record

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

RETRY_S = 60.0
"""For how long a load that failed is not tried again: what it lacked, such as memory, may come."""

THREADS = 2  # for what blocks: one load at a time, and what others have to measure or to close

Load = Callable[[str, Path], Network]
"""Makes a network of a name and a file, its lane started and its first sizes warm. Blocks."""

Estimate = Callable[[Path], int]
"""Bytes that a network will take, by its file. Blocks for a moment."""

OnLoad = Callable[[str, Network | None, float], None]
"""Told about each load: the network's name, the network or None if it failed, seconds."""


@dataclass(eq=False, slots=True)
class _Slot:
    """What is known of one network, loaded or not.

    Attributes:
        users: Requests that use it or wait until it is loaded; it stays as long as there are any.
        used: When it was last used, as the number of a use.
        bytes: What it takes, as far as that is known.
        cold: Whether it has sizes that are still to be warmed up.
        refusal: Why it cannot be served.
    """

    name: str
    file: Path
    network: Network | None = None
    loading: asyncio.Task[None] | None = None
    users: int = 0
    used: int = 0
    bytes: int = 0
    cold: bool = False
    refusal: Refusal | None = None

    @property
    def idle(self) -> bool:
        """Whether it is loaded and nobody needs it. A run that has lost its request goes on."""
        return self.network is not None and not self.users and not self.network.lane.busy_s()


class Networks:
    """All networks there are. Used from the event loop only.

    Args:
        files: Their files by name, the default one first, as in `Catalogue.files`.
        default: The default one, loaded; warmed up by whoever made it. It is never dropped.
        load: Makes one of the others; called on a thread of its own, for one at a time, so that
            loads do not take the processors and the memory from each other and from requests.
        check: Looks at the files of the others, now, if given. What it refuses is not loaded until
            the file changes.
        estimate: Tells what one will take that was never loaded; by default its file's size.
        memory_bytes: What all that are loaded may take, as they estimate it themselves. Those in
            use stay loaded even beyond it, until they are not, and so does the one used last,
            until another is loaded: else it would be loaded anew for each request.
        on_load: Told about each load.
        on_drop: Told the name of each network that is dropped.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        files: Mapping[str, Path],
        default: Network,
        *,
        load: Load,
        check: Check | None = None,
        estimate: Estimate = lambda file: file.stat().st_size,
        memory_bytes: int,
        on_load: OnLoad,
        on_drop: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.default = default
        self._slots = {name: _Slot(name, file) for name, file in files.items()}
        slot = self._slots[default.name]
        slot.network, slot.bytes = default, default.info.memory_bytes
        self._load_network = load
        self._estimate = estimate
        self._clock = clock
        self._threads = ThreadPoolExecutor(THREADS, "networks")
        self._loads = asyncio.Lock()
        self._coming: _Slot | None = None
        self._memory_bytes = memory_bytes
        self._on_load = on_load
        self._on_drop = on_drop
        self._uses = 0
        self._closed = False
        self._closing: set[asyncio.Task[None]] = set()
        self._warming: set[asyncio.Task[None]] = set()
        for other in self._slots.values():
            if other is not slot and check:
                other.refusal = examine(other.name, other.file, check)

    @property
    def names(self) -> tuple[str, ...]:
        """All names, the default one first."""
        return tuple(self._slots)

    @property
    def bytes(self) -> int:
        """What all that are loaded, and the one that is being loaded, take by estimate."""
        slots = self._slots.values()
        return sum(slot.bytes for slot in slots if slot.network or slot is self._coming)

    def find(self, name: str) -> Network | None:
        """A network by name, None where it is not loaded.

        Raises:
            KeyError: there is none of this name.
        """
        return self._slots[name].network

    def refusal(self, name: str) -> str | None:
        """Why a network cannot be served, in words that may be shown; None where it can.

        Raises:
            KeyError: there is none of this name.
        """
        slot = self._slots[name]
        refusal = slot.refusal
        if refusal and refusal.stamp == stamp_of(slot.file) and self._clock() < refusal.until:
            return refusal.words
        return None

    def choose(self, name: str | None) -> str | None:
        """The network that a request gets, by its name; None where there is but one.

        Args:
            name: What it asks for, None for the default one.

        Raises:
            UnknownModel: there is none of this name; says which there are.
        """
        if name is not None and name not in self._slots:
            raise UnknownModel(f"there is no such model; there are: {', '.join(self.names)}")
        return (name or self.default.name) if len(self._slots) > 1 else None

    def busy_s(self) -> float:
        """Seconds that the oldest run under way has taken so far, whichever network's it is."""
        loaded = [slot.network for slot in self._slots.values() if slot.network]
        return max(network.lane.busy_s() for network in loaded)

    @asynccontextmanager
    async def use(
        self, name: str | None, record: Record, gone: asyncio.Future[None]
    ) -> AsyncIterator[Network]:
        """Have a network for the length of the block; waits until it is loaded.

        However many wait, it is loaded once, and that goes on when they give up.

        Args:
            name: Which one, None for the default one.
            record: The request.
            gone: Done when the client has gone away and its ticket is cancelled.

        Raises:
            ModelRefused: it cannot be loaded; says why.
            Unavailable: the server is stopping.
            DeadlinePassed: the request's time was up before it was loaded.
            ClientGone: the client went away before it was loaded.
        """
        slot = self._slots[name or self.default.name]
        slot.users += 1
        try:
            while slot.network is None:
                await self._wait_for(slot, record, gone)
            self._touch(slot)
            yield slot.network
        finally:
            slot.users -= 1
            self._make_room()  # first: what is dropped need not be warmed
            self._warm_if_unused(slot)

    async def warm_up_later(self, network: Network, stop: Callable[[], bool]) -> None:
        """Warm the sizes up that the network runs without, one after the other.

        Args:
            network: A network of which the first sizes are warm.
            stop: Asked between sizes whether to leave the rest.
        """
        slot = self._slots[network.name]
        slot.users += 1
        try:
            for size in network.later_sizes:
                if self._closed or stop():
                    return
                try:
                    await self._on_thread(partial(network.warm_up_later, size))
                except Exception as error:  # such as memory: requests are answered as until now
                    logger.warning(
                        "windows of %d pixels could not be warmed up: %s",
                        size,
                        error,
                        extra={"model": network.name},
                    )
        finally:
            slot.users -= 1
            self._make_room()

    async def close(self) -> None:
        """Close all of them. Loads under way come to their end first, and nobody gets them."""
        if self._closed:
            return
        self._closed = True
        loading = [slot.loading for slot in self._slots.values() if slot.loading]
        await asyncio.gather(*loading)
        await asyncio.gather(*self._warming)
        for slot in self._slots.values():
            if slot.network is not None:
                await self._on_thread(slot.network.close)
        await asyncio.gather(*self._closing, return_exceptions=True)
        self._threads.shutdown(wait=False)

    def _on_thread(self, work: Callable[[], Result]) -> Awaitable[Result]:
        """On a thread of the pool: those that requests need are never kept waiting by loads."""
        return asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _wait_for(self, slot: _Slot, record: Record, gone: asyncio.Future[None]) -> None:
        """Until the load under way has ended, well or not; begins it if there is none."""
        if self._closed:
            raise Unavailable("the service is stopping; another instance may answer", RETRY_S)
        if words := self.refusal(slot.name):
            raise ModelRefused(words, RETRY_S)
        task = slot.loading = slot.loading or asyncio.create_task(self._load(slot))
        events: set[asyncio.Future[None]] = {task, gone}
        with record.timings.measure("load"):
            await asyncio.wait(
                events,
                timeout=max(0.0, record.ticket.remaining_s),
                return_when=asyncio.FIRST_COMPLETED,
            )
        if not task.done():
            record.ticket.check()
            raise record.ticket.passed()

    async def _load(self, slot: _Slot) -> None:
        """Load a network when its turn comes and somebody still waits for it. Raises nothing."""
        try:
            async with self._loads:
                if slot.users and not self._closed:
                    self._coming = slot
                    await self._load_now(slot)
        finally:
            slot.loading = self._coming = None

    async def _load_now(self, slot: _Slot) -> None:
        """Load a network, or remember why that cannot be."""
        start, stamp = time.perf_counter(), stamp_of(slot.file)
        try:
            slot.bytes = slot.bytes or await self._on_thread(lambda: self._estimate(slot.file))
            self._make_room(coming=True)
            if self._closing:
                await asyncio.wait(self._closing)
            network = await self._on_thread(lambda: self._load_network(slot.name, slot.file))
        except Exception as error:
            ours = isinstance(error, EngineError)  # says it all
            logger.warning("%s cannot be loaded: %s", slot.name, error, exc_info=not ours)
            slot.refusal = Refusal(
                public(error, slot.name, slot.file), stamp, self._clock() + RETRY_S
            )
            self._on_load(slot.name, None, time.perf_counter() - start)
            return
        seconds = time.perf_counter() - start
        slot.network, slot.bytes, slot.refusal = network, network.info.memory_bytes, None
        slot.cold = bool(network.later_sizes)
        self._touch(slot)
        more = {"terms": network.info.terms, "load_s": round(seconds, 2)}
        logger.info("model loaded", extra=self._told(slot) | more)
        self._on_load(slot.name, network, seconds)
        self._make_room()  # it may have taken more than was thought
        if self.bytes > self._memory_bytes:
            logger.warning(
                "models take %d MiB by estimate, INPAINT_MODELS_MEMORY is %d",
                self.bytes >> 20,
                self._memory_bytes >> 20,
            )
        self._warm_if_unused(slot)

    def _warm_if_unused(self, slot: _Slot) -> None:
        """Warm the rest of a network's sizes up, which whoever it was loaded for need not wait for.

        Until then they are planned by what was measured of smaller ones.
        """
        if slot.network is None or not slot.cold or slot.users or self._closed:
            return
        slot.cold = False
        warming = asyncio.create_task(self.warm_up_later(slot.network, lambda: False))
        self._warming.add(warming)
        warming.add_done_callback(self._warming.discard)

    def _touch(self, slot: _Slot) -> None:
        self._uses += 1
        slot.used = self._uses

    def _make_room(self, *, coming: bool = False) -> None:
        """Drop those unused for longest, while all together take more than they may.

        Args:
            coming: Whether one is about to be loaded; if not, the last one used stays.
        """
        others = [slot for slot in self._slots.values() if slot.network is not self.default]
        loaded = sorted((slot for slot in others if slot.network), key=lambda slot: slot.used)
        for slot in loaded if coming else loaded[:-1]:
            if self.bytes <= self._memory_bytes or self._closed:
                return
            if slot.idle:
                self._drop(slot)

    def _drop(self, slot: _Slot) -> None:
        network, slot.network = slot.network, None
        if network is None:
            return
        closing = asyncio.ensure_future(self._on_thread(lambda: _close(network)))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        logger.info("model dropped", extra=self._told(slot))
        self._on_drop(slot.name)

    def _told(self, slot: _Slot) -> dict[str, object]:
        return {"model": slot.name, "bytes": slot.bytes, "bytes_of_all": self.bytes}


def _close(network: Network) -> None:
    network.close()
    return_unused()  # what the engine held is wanted elsewhere
