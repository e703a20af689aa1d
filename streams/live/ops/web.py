"""What a worker answers about itself: is it alive, is it ready for work, and its metrics."""

from collections.abc import Callable

import msgspec
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from streams.errors import UserError
from streams.live.ops.metrics import Metrics


class Condition(msgspec.Struct, frozen=True):
    """Whether a worker is ready, and what is missing if not."""

    ready: bool
    reasons: tuple[str, ...] = ()


class Web:
    """Serves `/health`, `/ready` and `/metrics`. Only GET, no input, nobody's data."""

    def __init__(self, host: str, port: int, metrics: Metrics, condition: Callable[[], Condition]) -> None:
        self._host, self._port = host, port
        self._metrics = metrics
        self._condition = condition
        self._runner: web.AppRunner | None = None

    async def start(self) -> int:
        """Begin to listen; gives the port.

        Raises:
            UserError: the address is taken or not ours.
        """
        app = web.Application()
        app.add_routes([web.get("/health", _health), web.get("/ready", self._ready), web.get("/metrics", self._show)])
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        try:
            await site.start()
        except OSError as error:
            raise UserError(
                f"the worker's address must be free; got {error.strerror} for {self._host}:{self._port}; "
                "set worker.port, or 0 for any"
            ) from None
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _ready(self, _: web.Request) -> web.Response:
        condition = self._condition()
        return web.Response(
            status=200 if condition.ready else 503,
            body=msgspec.json.encode(condition),
            content_type="application/json",
        )

    async def _show(self, _: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _health(_: web.Request) -> web.Response:
    """The event loop turns: that is all that a restart could mend."""
    return web.Response(text="ok\n")
