"""A model of many replicas behind a balancer, to choose how many and how long their queues are.

A replica works on up to `workers` requests at once, lets `queue` more wait for a worker, first come
first served, and refuses the rest. Requests at work share the replica evenly: each of k gets 1/k of
it, and one that is alone gets no more than `alone`, because one request cannot use all processors
all the time. What a request needs is `work`: seconds of a whole replica, the inverse of the answers
a second that a replica gives that is kept busy with such requests. Arrivals are those of many
independent clients (Poisson). Who is refused does not come again.

Seconds are those of the model's clock; nothing here looks at a real one.
"""

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Literal

Balance = Literal["least connections", "random"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A class of requests.

    Attributes:
        name: What it is called.
        share: Of all requests.
        work: Seconds of a whole replica that one needs.
        alone: Part of a replica that one by itself can use, above 0 and at most 1.
    """

    name: str
    share: float
    work: float
    alone: float = 1.0


@dataclass(frozen=True, slots=True)
class Site:
    """What there is: replicas, places in each, and how requests are spread."""

    replicas: int
    workers: int
    queue: int
    balance: Balance = "least connections"


@dataclass(slots=True)
class Run:
    """What became of the requests that came after the warm-up.

    Attributes:
        seconds: Of the model's clock.
        latencies: Seconds from arrival to answer, by kind.
        refused: Requests refused, by kind.
        present: Requests in the replicas, on average over time.
    """

    seconds: float
    latencies: dict[str, list[float]]
    refused: dict[str, int]
    present: float = 0.0

    @property
    def answered(self) -> int:
        """Requests that were answered."""
        return sum(map(len, self.latencies.values()))

    @property
    def refused_share(self) -> float:
        """Of all requests."""
        refused = sum(self.refused.values())
        return refused / max(1, refused + self.answered)


@dataclass(slots=True)
class _Request:
    kind: Kind
    came: float
    left: float


@dataclass(slots=True)
class _Replica:
    workers: int
    queue: int
    at_work: list[_Request] = field(default_factory=list)
    waiting: deque[_Request] = field(default_factory=deque)
    looked: float = 0.0  # until when progress is accounted for
    version: int = 0  # what was foreseen before is void

    def advance(self, now: float) -> None:
        """Account for the progress of the requests at work."""
        if self.at_work:
            done = (now - self.looked) * self._rate()
            for request in self.at_work:
                request.left -= done
        self.looked = now

    def next_end(self) -> float:
        """When the next request is done, if nothing else happens."""
        return self.looked + max(0.0, min(r.left for r in self.at_work)) / self._rate()

    def admit(self, request: _Request) -> bool:
        """Take a request; False: there is no room."""
        if len(self.at_work) < self.workers:
            self.at_work.append(request)
        elif len(self.waiting) < self.queue:
            self.waiting.append(request)
        else:
            return False
        return True

    def end(self) -> _Request:
        """The request that is done leaves, and the first one that waits begins."""
        done = min(self.at_work, key=lambda request: request.left)
        self.at_work.remove(done)
        if self.waiting:
            self.at_work.append(self.waiting.popleft())
        return done

    def _rate(self) -> float:
        k = len(self.at_work)
        return self.at_work[0].kind.alone if k == 1 else 1 / k


def simulate(site: Site, kinds: Sequence[Kind], rate: float, seconds: float, seed: int = 0) -> Run:
    """Let requests come for a while; the first fifth of it warms up and is not counted.

    Args:
        site: What there is.
        kinds: The mix; shares add up to 1.
        rate: Requests a second, all replicas together.
        seconds: Of the model's clock.
        seed: The same numbers give the same run.

    Raises:
        ValueError: the shares do not add up to 1.
    """
    if abs(sum(kind.share for kind in kinds) - 1) > 1e-9:
        raise ValueError("the shares do not add up to 1")
    draw = random.Random(seed)
    replicas = [_Replica(site.workers, site.queue) for _ in range(site.replicas)]
    warm = seconds / 5
    run = Run(seconds - warm, {k.name: [] for k in kinds}, {k.name: 0 for k in kinds})
    shares = [kind.share for kind in kinds]
    ends: list[tuple[float, int, int, int]] = []
    numbers = count()
    arrival, now = draw.expovariate(rate), 0.0
    insides = [0] * site.replicas
    inside = 0

    def foresee(which: int) -> None:
        replica = replicas[which]
        replica.version += 1
        if replica.at_work:
            heappush(ends, (replica.next_end(), next(numbers), which, replica.version))

    while (arrival if arrival < seconds else (ends[0][0] if ends else seconds)) < seconds:
        is_arrival = not ends or arrival <= ends[0][0]
        moment = arrival if is_arrival else ends[0][0]
        run.present += inside * max(0.0, moment - max(now, warm)) / run.seconds
        now = moment
        if is_arrival:
            kind = draw.choices(kinds, shares)[0]
            which = _choose(insides, site.balance, draw)
            replica = replicas[which]
            replica.advance(now)
            if replica.admit(_Request(kind, now, kind.work)):
                inside += 1
                insides[which] += 1
                foresee(which)
            elif now > warm:
                run.refused[kind.name] += 1
            arrival = now + draw.expovariate(rate)
            continue
        _, _, which, version = heappop(ends)
        replica = replicas[which]
        if version != replica.version:
            continue
        replica.advance(now)
        done = replica.end()
        inside -= 1
        insides[which] -= 1
        if done.came > warm:
            run.latencies[done.kind.name].append(now - done.came)
        foresee(which)
    return run


def _choose(insides: list[int], balance: Balance, draw: random.Random) -> int:
    """The replica that gets the next request: of several with the fewest, any."""
    first = draw.randrange(len(insides))
    if balance == "random":
        return first
    least = min(insides)
    try:
        return insides.index(least, first)
    except ValueError:
        return insides.index(least)
