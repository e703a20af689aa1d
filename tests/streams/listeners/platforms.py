"""Servers on this machine that speak the protocols of Mastodon, Telegram and X, with faults in their connections."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """A web server with some routes; `faults` holds the faults of the next streams, one set of words for each."""

    def __init__(self, faults: tuple[str, ...] = ()) -> None:
        self.faults = list(faults)
        self.requests: list[web.Request] = []
        self._runner: web.AppRunner | None = None
        self.url = ""

    def routes(self) -> list[web.RouteDef]:
        raise NotImplementedError

    async def __aenter__(self) -> "Server":
        app = web.Application()
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def next_faults(self) -> str:
        return self.faults.pop(0) if self.faults else ""


class Dribble:
    """Writes the parts of a stream: all at once, or a few bytes at a time; aborts the connection on request."""

    def __init__(self, request: web.Request, faults: str) -> None:
        self.request, self.faults = request, faults
        self.response = web.StreamResponse()
        self.written = 0

    async def begin(self) -> "Dribble":
        await self.response.prepare(self.request)
        return self

    async def write(self, text: str) -> bool:
        """Return False if the connection was dropped."""
        data = text.encode()
        step = 7 if "slow" in self.faults else len(data)
        for start in range(0, len(data), step):
            await self.response.write(data[start : start + step])
            if "slow" in self.faults:
                await asyncio.sleep(0)
        self.written += 1
        if "drop" in self.faults and self.written == 5:
            await self.response.write(data[: len(data) // 2])
            assert self.request.transport is not None
            self.request.transport.abort()
            return False
        return True


class Mastodon(Server):
    """A Mastodon server: statuses with ids 1, 2, …; the stream sends what comes after the connection."""

    def __init__(self, statuses: list[dict[str, Any]], faults: tuple[str, ...] = ()) -> None:
        super().__init__(faults)
        self.statuses = statuses
        self.at = 0  # statuses that exist by now

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v1/streaming/{name:.+}", self.stream),
            web.get("/api/v1/timelines/{name}", self.timeline),
        ]

    async def timeline(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        after, most = int(request.query["min_id"]), int(request.query["limit"])
        page = [one for one in self.statuses[: self.at] if int(one["id"]) > after][:most]
        return web.json_response(page[::-1])

    async def stream(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        faults = self.next_faults()
        if "refuse" in faults:
            return web.Response(status=401)
        stream = await Dribble(request, faults).begin()
        await stream.write(":)\n\n")
        if "garbage" in faults:
            await stream.write("event: update\ndata: {broken\n\nnonsense\n\nevent: delete\ndata: 99\n\n")
        while self.at < len(self.statuses):
            await asyncio.sleep(0.001)
            status = self.statuses[self.at]
            self.at += 1
            for _ in range(2 if "repeat" in faults else 1):
                if not await stream.write(f"event: update\ndata: {json.dumps(status)}\n\n"):
                    self.at += 3  # what comes while nobody listens
                    return stream.response
        while "silent" in faults:
            await asyncio.sleep(0.05)
        while True:
            await stream.write(":thump\n")
            await asyncio.sleep(0.05)


class Telegram(Server):
    """A Bot API server that keeps updates until an offset confirms them."""

    def __init__(self, updates: list[dict[str, Any]], faults: tuple[str, ...] = (), most: int = 7) -> None:
        super().__init__(faults)
        self.updates = updates
        self.most = most
        self.offsets: list[int | None] = []

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/bot{token}/getUpdates", self.get_updates)]

    async def get_updates(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        offset = int(request.query["offset"]) if "offset" in request.query else None
        self.offsets.append(offset)
        faults = self.next_faults()
        if "drop" in faults:
            assert request.transport is not None
            request.transport.abort()
        if "busy" in faults:
            return web.json_response({"ok": False, "error_code": 429, "parameters": {"retry_after": 0}}, status=429)
        if "garbage" in faults:
            return web.Response(text="<html>bad gateway</html>")
        if "conflict" in faults:
            return web.json_response({"ok": False, "error_code": 409}, status=409)
        if offset is not None:
            self.updates = [one for one in self.updates if one.get("update_id", offset) >= offset]
        if not self.updates:
            await asyncio.sleep(0.02)
        stream = await Dribble(request, faults).begin()
        await stream.write(json.dumps({"ok": True, "result": self.updates[: self.most]}))
        return stream.response


class XServer(Server):
    """The filtered stream: each connection sends the posts that no connection has sent."""

    def __init__(self, posts: list[dict[str, Any]], faults: tuple[str, ...] = ()) -> None:
        super().__init__(faults)
        self.posts = posts
        self.at = 0

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/2/tweets/search/stream", self.stream)]

    async def stream(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        faults = self.next_faults()
        if "refuse" in faults:
            return web.Response(status=429, headers={"Retry-After": "0"})
        if "backfill_minutes" in request.query:
            self.at = max(0, self.at - 5)
        stream = await Dribble(request, faults).begin()
        if "garbage" in faults:
            await stream.write('{"data": {"id"\r\n[]\r\n{"x": 1}\r\n\r\n')
        if "long" in faults:
            await stream.write("x" * 5000 + "\r\n")
        while self.at < len(self.posts):
            self.at += 1
            line = json.dumps(self.posts[self.at - 1]) + "\r\n"
            for _ in range(2 if "repeat" in faults else 1):
                if not await stream.write(line):
                    return stream.response
        while True:
            await stream.write("\r\n")
            await asyncio.sleep(0.05)
