"""GET /metrics: what this process counts, in Prometheus' text form. Read on this machine only."""

import ipaddress
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import REGISTRY, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from renkei.realtime.answers import refuse
from renkei.realtime.locks import open_to_all
from renkei.realtime.parts import Parts, parts_of

LOOK_UPS = Counter("renkei_look_ups", "Questions to the look-up API, by mode and how they ended", ["mode", "result"])
_FORWARDED = ("x-forwarded-for", "x-forwarded-host", "forwarded", "x-real-ip", "via")
_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


@open_to_all  # the machine is the lock: whoever comes from elsewhere, or through a proxy, finds nothing here
async def metrics(request: Request) -> Response:
    """Counters of this process and what is open now. Numbers and names of results only, never a person's."""
    if not _is_from_here(request):
        return refuse(404, "not_found")
    now = CollectorRegistry()
    now.register(_Now(parts_of(request)))
    body = generate_latest(REGISTRY) + generate_latest(now)
    return Response(body, media_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"cache-control": "no-store"})


def _is_from_here(request: Request) -> bool:
    """A proxy on this machine speaks for others: it forwards a header, or the name others called."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    host = request.headers.get("host", "")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    if name not in _LOCAL_NAMES:
        return False
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


class _Now(Collector):
    """What stands at this moment."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Streams, listening, pool, circuits."""
        parts = self._parts
        yield GaugeMetricFamily("renkei_streams_open", "Event streams open", value=parts.hub.open_streams)
        listening = int(parts.hub.listening.is_set())
        yield GaugeMetricFamily("renkei_streams_listening", "1 while changes are heard of", value=listening)
        stats = parts.pool.get_stats()
        pool = GaugeMetricFamily("renkei_pool_connections", "Database connections, by what they do", labels=["state"])
        pool.add_metric(["open"], stats.get("pool_size", 0))
        pool.add_metric(["free"], stats.get("pool_available", 0))
        pool.add_metric(["waited_for"], stats.get("requests_waiting", 0))
        yield pool
        circuits = GaugeMetricFamily(
            "renkei_circuits", "Circuits to chat systems that saw failures, by phase", labels=["provider", "phase"]
        )
        for (provider, phase), count in sorted(parts.providers.count_circuits().items()):
            circuits.add_metric([provider, phase], count)
        yield circuits
