"""A Ray cluster whose hosts are processes of this machine, to be killed one at a time."""

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import ray
from ray.cluster_utils import Cluster

STORE_BYTES = 100 * 2**20


@contextmanager
def two_hosts() -> Iterator[Cluster]:
    """Yield a connected cluster of an idle head and two hosts with one core each; all are gone afterwards."""
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    head = {"num_cpus": 0, "object_store_memory": STORE_BYTES, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        for _ in range(2):
            cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
        ray.init(cluster.address, log_to_driver=False, logging_level=logging.CRITICAL)
        yield cluster
    finally:
        processes = psutil.Process().children(recursive=True)
        ray.shutdown()
        cluster.shutdown()  # type: ignore[no-untyped-call]
        _, alive = psutil.wait_procs([process for process in processes if _is_rays(process)], timeout=20)
        assert not alive, f"Ray left {alive} behind"


def kill_a_worker() -> int:
    """Kill one process that works on a data set, as the system does that is out of memory, and return its id."""
    for process in psutil.Process().children(recursive=True):
        if _is_rays(process) and "MapWorker" in " ".join(process.cmdline()):
            os.kill(process.pid, signal.SIGKILL)
            return int(process.pid)
    raise LookupError("no worker runs")


def _is_rays(process: psutil.Process) -> bool:
    try:
        return any("ray" in word for word in process.cmdline()[:4])
    except psutil.NoSuchProcess:
        return False
