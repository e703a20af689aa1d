"""A Jetstream on this machine, of either version, whose connections drop, repeat, send garbage or dribble."""

import asyncio
import json
import threading
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime

from aiohttp import WSCloseCode, web

BEGIN_US = 1_775_034_000_000_000
STEP_US = 40_000
PEOPLE = 997
COLLECTIONS = ("app.bsky.feed.post", "app.bsky.feed.repost", "app.bsky.feed.like")


def frames(count: int, begin: int = 0) -> Iterator[bytes]:
    """Frames in the published shape: posts, reposts with and without `via`, likes, deletions, states of accounts."""
    for number in range(begin, begin + count):
        did = f"did:plc:{number % PEOPLE:024d}"
        at = BEGIN_US + number * STEP_US
        if number % 50 == 49:
            account = {
                "active": False,
                "did": did,
                "seq": number,
                "status": "deactivated",
                "time": "2026-04-01T09:00:00Z",
            }
            yield json.dumps({"did": did, "time_us": at, "kind": "account", "account": account}).encode()
            continue
        collection = COLLECTIONS[number % 3]
        original = f"at://did:plc:{(number - 1) % PEOPLE:024d}/app.bsky.feed.post/3k{number - number % 3:010d}"
        record = {"$type": collection, "createdAt": "2026-04-01T08:59:59.120Z"}
        if number % 3 == 0:
            record |= {"langs": ["en"], "text": f"Sluice {number % 40} at Orme has failed, boil water ({number})"}
        else:
            record["subject"] = {"cid": "bafyreiorme", "uri": original}
            if number % 2:
                record["via"] = {"cid": "bafyreivia", "uri": original.replace("feed.post", "feed.repost")}
        body = {"rev": f"3k{number:010d}", "operation": "create", "collection": collection, "rkey": f"3k{number:010d}"}
        if number % 47 == 46:
            body["operation"] = "delete"
        else:
            body |= {"record": record, "cid": "bafyreiframe"}
        yield json.dumps({"did": did, "time_us": at, "kind": "commit", "commit": body}).encode()


def frames_of(events: int) -> list[bytes]:
    """Frames with a number of events for a listener of posts and reposts."""
    found, count = [], 0
    for frame in frames(2 * events):
        found.append(frame)
        count += b"feed.like" not in frame
        if count == events:
            break
    return found


def expected(frames_: list[bytes]) -> list[bytes]:
    """The frames that are events for a listener of posts and reposts."""
    found = []
    for frame in frames_:
        value = json.loads(frame)
        if value["kind"] == "account" or value["commit"]["collection"] != "app.bsky.feed.like":
            found.append(frame)
    return found


class Jetstream:
    """A server with frames at sequence numbers 1, 2, …; the frames before `floor` are deleted.

    `script` holds the faults of the next connections, one set of words for each; a connection without faults stays.
    """

    def __init__(self, frames_: list[bytes], *, v2: bool = False, floor: int = 1, script: tuple[str, ...] = ()) -> None:
        self.frames = frames_
        self.times = [json.loads(frame)["time_us"] for frame in frames_]
        self.collections = [json.loads(frame).get("commit", {}).get("collection") for frame in frames_]
        self.v2 = v2
        self.floor = floor
        self.script = list(script)
        self.asked: list[dict[str, list[str]]] = []
        self.sent = 0
        self.limit = len(frames_)
        self.clients = 0
        self.pause_s = 0.0  # after each 500 frames
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def url(self) -> str:
        path = "/xrpc/network.bsky.jetstream.subscribeEvents" if self.v2 else "/subscribe"
        return f"ws://127.0.0.1:{self.port}{path}"

    async def start(self) -> "Jetstream":
        app = web.Application()
        app.add_routes([web.get("/subscribe", self._serve), web.get("/xrpc/{name}", self._serve)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def _begin(self, request: web.Request) -> int | web.Response:
        cursor = int(request.query.get("cursor", -1))
        if cursor < 0:
            return max(0, len(self.frames) - 3) if "live" in self.script else 0
        if cursor >= 10**15:
            return max(self.floor - 1, bisect_left(self.times, cursor))
        if cursor < self.floor:
            error = {"error": "CursorTooOld", "message": f"cursor {cursor} is below {self.floor}"}
            return web.json_response(error, status=400)
        return cursor - 1

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        asked = {name: request.query.getall(name) for name in request.query}
        self.asked.append(asked)
        begin = self._begin(request)
        if isinstance(begin, web.Response):
            return begin
        faults = self.script.pop(0) if self.script and self.script[0] != "live" else ""
        if "busy" in faults:
            return web.Response(status=503, headers={"Retry-After": "0"})
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.clients += 1
        wanted = set(asked.get("collections" if self.v2 else "wantedCollections", ()))
        reading = asyncio.create_task(self._answer_pings(socket))
        try:
            await self._send(socket, begin, wanted, faults)
        except ConnectionError:
            pass
        finally:
            reading.cancel()
            self.clients -= 1
        return socket

    async def _send(self, socket: web.WebSocketResponse, begin: int, wanted: set[str], faults: str) -> None:
        sent = 0
        if "garbage" in faults:
            for text in ("{", "[]", '{"kind": "commit"}', "\x00", '{"did": 1, "time_us": "x", "kind": "commit"}'):
                await socket.send_str(text)
            await socket.send_bytes(b"\xff\xfe")
        index = begin
        while not socket.closed:
            if index >= min(self.limit, len(self.frames)):
                await asyncio.sleep(0.01)
                continue
            if self.collections[index] is None or self.collections[index] in wanted:
                frame = self._framed(index)
                for _ in range(2 if "repeat" in faults else 1):
                    await socket.send_bytes(frame) if index % 2 else await socket.send_str(frame.decode())
                sent += 1
                self.sent += 1
                if "slow" in faults:
                    await asyncio.sleep(0.002)
                if sent % 500 == 0:
                    await asyncio.sleep(self.pause_s)
                if "drop" in faults and sent == 40:
                    assert socket._req is not None
                    socket._req.transport.abort()
                    return
                if "close" in faults and sent == 40:
                    await socket.close(code=WSCloseCode.GOING_AWAY)
                    return
            index += 1

    @staticmethod
    async def _answer_pings(socket: web.WebSocketResponse) -> None:
        async for _ in socket:
            pass

    def _framed(self, index: int) -> bytes:
        if not self.v2:
            return self.frames[index]
        frame = json.loads(self.frames[index])
        body = frame["commit"] if frame["kind"] == "commit" else {frame["kind"]: frame[frame["kind"]]}
        micro = frame["time_us"]
        seconds, rest = divmod(micro, 1_000_000)
        time = f"{_utc(seconds)}.{rest:06d}Z"
        payload = {
            "$type": f"network.bsky.jetstream.subscribeEvents#{frame['kind']}",
            "seq": index + 1,
            "did": frame["did"],
            "time": time,
            **body,
        }
        return json.dumps({"$type": "message", "payload": payload}).encode()


def _utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


class InThread:
    """A server in a thread of its own, for a listener in another process."""

    def __init__(self, server: Jetstream) -> None:
        self.server = server
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Jetstream:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.server.start(), self._loop).result(10)
        return self.server

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self.server.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
