import collections, grpc, asyncio, os
from antiphon.analysis.v1 import analysis_service_pb2 as a
from chassis.status import from_rpc_error, from_status
from gateway.replay import keep_status
from tests.gateway.conftest import *
async def test_probe(start_gateway):
    gateway = await start_gateway(max_analyses=1)
    first = gateway.stub.Analyze(timeout=20)
    await first.write(a.AnalyzeRequest(config=a.AnalysisConfig())); await first.read()
    # Background load delays the writes, as the parallel run did.
    async def busy_loop():
        import time
        while True:
            time.sleep(0.002); await asyncio.sleep(0)
    load = asyncio.create_task(busy_loop())
    for name, wrap in (("plain", lambda c: c), ("kept", keep_status)):
        seen = collections.Counter()
        for _ in range(300):
            try:
                call = wrap(gateway.stub.Analyze(requests_of(a.AnalysisConfig(), b"some audio"), timeout=20))
                async for _e in call: pass
            except grpc.aio.AioRpcError as e:
                seen[e.code().name, e.details()[:60]] += 1
        print(name, dict(seen))
    load.cancel(); first.cancel()
