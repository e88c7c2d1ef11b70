"""Who may call where clients show certificates: those whose certificate bears a name from the settings."""

from __future__ import annotations

import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from typing import Any

import grpc

from antiphon_wire import status
from antiphon_wire.errors import AntiphonError
from chassis.server import telemetry

log = logging.getLogger(__name__)

_MAX_NAMES_TOLD = 8


class NamedClients(grpc.aio.ServerInterceptor):
    """Refuses every call, health and reflection among them, of a client with another name: CLIENT_NOT_ALLOWED.

    A certificate's names are the DNS names of its subject alternative name; its common name where it has none.

    Args:
        names: The names allowed.
    """

    def __init__(self, names: Collection[str]) -> None:
        self._allowed = frozenset(name.lower() for name in names)

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Gives the method's handler with the check before it; None for a method that nobody answers."""
        handler: Any = await continuation(handler_call_details)
        if handler is None:
            return None
        kinds = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
        guarded = {kind: self._checked(getattr(handler, kind), handler_call_details.method) for kind in kinds}
        return handler._replace(**guarded)

    def _checked(self, behaviour: Callable[..., Any] | None, method: str) -> Callable[..., Any] | None:
        if behaviour is None:
            return None
        known = behaviour
        if inspect.isasyncgenfunction(known):

            async def yielding(request: Any, context: Any) -> AsyncIterator[Any]:
                await self._check(context, method)
                async for response in known(request, context):
                    yield response

            return yielding

        async def answering(request: Any, context: Any) -> Any:
            await self._check(context, method)
            return await known(request, context)

        return answering

    async def _check(self, context: Any, method: str) -> None:
        names = names_of(context.auth_context())
        if not self._allowed.isdisjoint(names):
            return
        log.warning("%s refused to a client with the names %s", method, ", ".join(names[:_MAX_NAMES_TOLD]) or "(none)")
        telemetry.count_call(method, "PERMISSION_DENIED", 0.0)
        await context.abort_with_status(status.to_grpc(_NOT_ALLOWED))


_NOT_ALLOWED = AntiphonError(
    "PERMISSION_DENIED",
    "CLIENT_NOT_ALLOWED",
    "your certificate has no name that may call this server; ask its operator to add one to TLS_CLIENT_NAMES",
)


def names_of(auth: Mapping[str, Any]) -> list[str]:
    """Lists the names of a caller's certificate in lower case; none where it showed none.

    >>> names_of({"peer_dns": [b"A.local"], "x509_common_name": [b"b"]})
    ['a.local']
    >>> names_of({"x509_common_name": [b"b"]})
    ['b']
    """
    found = auth.get("peer_dns") or (() if auth.get("x509_subject_alternative_name") else auth.get("x509_common_name"))
    return [name.decode(errors="replace").lower() for name in found or ()]
