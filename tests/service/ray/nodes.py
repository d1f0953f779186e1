"""A Ray cluster of nodes with one core each on this machine, with the service on it.

    python -m tests.service.ray.nodes PORT NODES

Writes `ready` when all replicas are, takes `kill` (a node, at once) and ends with its input. A node
stays on one core if there are enough of them.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ray
from ray import serve
from ray.cluster_utils import Cluster

from service.ray.serve import Arguments, build

STORE_BYTES = 100 * 2**20


@contextmanager
def core(number: int) -> Iterator[None]:
    """What is started in the block gets one core, as a node of its own would have."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(cores)[number % len(cores)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def kill(cluster: Cluster, node: Any) -> None:
    """Kill all of a node in an instant; left to itself, a replica would finish what it has."""
    raylet = node.all_processes["raylet"][0].process.pid
    for child in Path(f"/proc/{raylet}/task/{raylet}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)
    cluster.remove_node(node, allow_graceful=False)


def main(port: int, count: int) -> None:
    """Serve until the input ends."""
    one: dict[str, Any] = {"num_cpus": 1, "object_store_memory": STORE_BYTES}
    alone = {"include_dashboard": False, "include_log_monitor": False, "no_monitor": True}
    # The first has the proxy and what the cluster is led by: killing it would be killing all.
    with core(0):
        cluster = Cluster(initialize_head=True, head_node_args=one | alone)
    nodes = []
    for number in range(1, count):
        with core(number):
            nodes.append(cluster.add_node(**one))
    ray.init(address=cluster.address, log_to_driver=False, configure_logging=False)
    serve.start(http_options={"host": "127.0.0.1", "port": port, "location": "HeadOnly"})
    serve.run(build(Arguments(num_cpus=1, min_replicas=count, max_replicas=count)))
    print("ready", flush=True)
    for line in sys.stdin:
        if line.strip() == "kill":
            kill(cluster, nodes.pop())
            print("killed", flush=True)
    serve.shutdown()
    ray.shutdown()
    cluster.shutdown()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
