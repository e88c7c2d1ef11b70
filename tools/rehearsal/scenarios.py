"""What befalls the replicas, ten times; each says by itself whether it has come about."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tools.rehearsal.callers import Analysis
from tools.rehearsal.cluster import AGE_SECONDS, USUAL, Cluster
from tools.rehearsal.network import replica

Check = Callable[[Sequence[Analysis]], str]
"""Says what an ordeal should have shown and did not; empty where it did."""


@dataclass(frozen=True)
class Scenario:
    """One ordeal.

    Attributes:
        name: Its word.
        what: The same for a reader of the table.
        act: Has it happen, while the callers ask; gives the check of what became of them.
        calm_seconds: For which they go on asking afterwards.
        connection_age_seconds: Of the replicas' connections.
    """

    name: str
    what: str
    act: Callable[[Cluster], Check]
    calm_seconds: float = 3.0
    connection_age_seconds: float = AGE_SECONDS


def _kill(cluster: Cluster) -> Check:
    cluster.end(0)
    return _some(lambda each: each.attempts > 1, "no analysis was under way on the replica that was killed")


def _drain(cluster: Cluster) -> Check:
    cluster.names.tell([1, 2])
    cluster.dismiss(0)
    return _silent_since(0, time.monotonic())


def _roll(cluster: Cluster, seconds_late: float = 0.0) -> Check:
    there = list(range(USUAL))
    for old in range(USUAL):
        new = old + USUAL
        cluster.start(new)
        there = [number for number in there if number != old] + [new]
        if seconds_late:
            cluster.dismiss(old)
            time.sleep(seconds_late)
            cluster.names.tell(there)
        else:
            cluster.names.tell(there)
            cluster.dismiss(old)
        time.sleep(2.0)
    return _answered(range(USUAL, 2 * USUAL))


def _roll_late(cluster: Cluster) -> Check:
    return _roll(cluster, seconds_late=1.0)


def _partition(cluster: Cluster) -> Check:
    cluster.network.plug(replica(0), "down")
    time.sleep(8.0)
    cluster.network.plug(replica(0), "up")
    return _some(lambda each: each.attempts > 1, "no analysis was under way on the replica that was cut off")


def _hang(cluster: Cluster) -> Check:
    cluster.signal(0, signal.SIGSTOP)
    time.sleep(8.0)
    cluster.signal(0, signal.SIGCONT)
    return _some(lambda each: each.attempts > 1, "no analysis was under way on the replica that hung")


def _not_ready(cluster: Cluster) -> Check:
    cluster.refuse(0)
    return _silent_since(0, time.monotonic())


def _scale_up(cluster: Cluster) -> Check:
    cluster.start(USUAL)
    cluster.names.tell(range(USUAL + 1))
    return _answered([USUAL])


def _single(cluster: Cluster) -> Check:
    cluster.names.tell([0])
    for number in (1, 2):
        cluster.end(number)
    time.sleep(2.0)
    cluster.names.tell([])
    cluster.end(0)
    time.sleep(4.0)
    cluster.start(USUAL)
    cluster.names.tell([USUAL])
    return _some(lambda each: each.waited, "nobody was told that a replica was waited for")


def _names_out(cluster: Cluster) -> Check:
    cluster.names.process.send_signal(signal.SIGSTOP)
    time.sleep(1.0)
    cluster.end(0)
    time.sleep(5.0)
    cluster.names.process.send_signal(signal.SIGCONT)
    return _some(lambda each: each.attempts > 1, "no analysis was under way on the replica that was killed")


SCENARIOS = (
    Scenario("kill", "one of three is killed", _kill),
    Scenario("drain", "one of three is asked to end", _drain),
    Scenario("roll", "three are replaced, at new addresses", _roll),
    Scenario("slow-names", "the same, and names are told 1 s late", _roll_late),
    Scenario("partition", "one of three is cut off for 8 s", _partition),
    Scenario("hang", "one of three hangs for 8 s", _hang),
    Scenario("not-ready", "one of three says that it is not ready", _not_ready),
    Scenario("scale-up", "a fourth is added", _scale_up, calm_seconds=8.0, connection_age_seconds=3.0),
    Scenario("single", "the only one dies, its successor comes", _single),
    Scenario("names-out", "no names for 6 s, one of three is killed", _names_out),
)


def _some(what: Callable[[Analysis], bool], otherwise: str) -> Check:
    return lambda analyses: "" if any(map(what, analyses)) else otherwise


def _answered(numbers: Iterable[int]) -> Check:
    hosts = {replica(number) for number in numbers}

    def check(analyses: Sequence[Analysis]) -> str:
        silent = sorted(hosts - {each.replica for each in analyses})
        return f"{', '.join(silent)} answered nobody" if silent else ""

    return check


def _silent_since(number: int, moment: float) -> Check:
    host, heard = replica(number), moment + _HEARING_SECONDS

    def check(analyses: Sequence[Analysis]) -> str:
        asked = [each for each in analyses if each.replica == host]
        if not asked:
            return f"{host} answered nobody before"
        late = sum(each.began > heard for each in asked)
        return f"{host} was asked {late} times after that" if late else ""

    return check


_HEARING_SECONDS = 0.5
"""Within which the gateway has heard that a replica is not ready."""
