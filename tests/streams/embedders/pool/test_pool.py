"""The embedding pool: real child processes, with faults on demand, and once with the real model."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import numpy as np
import pytest

from detectors.similarity.embedding import HashingEmbedder, from_bytes, to_bytes
from streams.embedders import EmbedderConfig, make_embedder
from streams.embedders.model_files import ModelError
from streams.embedders.pool.config import PoolConfig
from streams.embedders.pool.pool import EmbeddingPool
from tests.streams.embedders import faulty_embedder
from tests.streams.embedders.faulty_embedder import FAULTS

ROOT = Path(__file__).parents[4]
PATIENCE = 60  # seconds until a test that waits for something says that it never came
QUICK = PoolConfig(timeout_ms=1_500, restart_delay_ms=1, max_restart_delay_ms=50)
KIND = {"raises": "raised", "hangs": "timeout", "dies": "died"}  # of a fault; every other one is "invalid"
EACH_KIND = (*KIND, "not a number")
PARROT = "half a pair \ud83d"


class Seen:
    """An observer that writes down."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, float]] = []
        self.failures: Counter[str] = Counter()
        self.refused = 0

    def embedded(self, texts: int, seconds: float) -> None:
        self.batches.append((texts, seconds))

    def failed(self, kind: str) -> None:
        self.failures[kind] += 1

    def given_up(self) -> None:
        self.refused += 1


def config(folder: Path) -> EmbedderConfig:
    return EmbedderConfig(runtime="hashing", model=str(folder), hashing_dimension=64)


def pool_at(folder: Path, settings: PoolConfig = QUICK, observer: Seen | None = None) -> EmbeddingPool:
    return EmbeddingPool(config(folder), settings, observer, factory=f"{faulty_embedder.__name__}:make")


@asynccontextmanager
async def running(folder: Path, settings: PoolConfig = QUICK, observer: Seen | None = None):
    pool = pool_at(folder, settings, observer)
    try:
        await pool.start()
        yield pool
    finally:
        await pool.stop()


def play(scene: Coroutine) -> None:
    """Run a scene; afterwards nobody is left on the loop."""

    async def whole() -> None:
        async with asyncio.timeout(PATIENCE):
            await scene
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(whole())


async def until(holds: Callable[[], object]) -> None:
    while not holds():
        await asyncio.sleep(0.005)


def vectors(*texts: str) -> list[bytes]:
    """What the embedder gives for each text alone."""
    embedder = HashingEmbedder(64)
    return [to_bytes(embedder.embed([text])[0]) for text in texts]


def starts(folder: Path) -> list[int]:
    """The process ids of all children until now."""
    return [int(pid) for pid in (folder / "starts").read_text().split()] if (folder / "starts").exists() else []


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not asked after does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.fixture
def folder(tmp_path):
    yield tmp_path
    assert not [pid for pid in starts(tmp_path) if alive(pid)], "a child outlived its pool"


# --- vectors ----------------------------------------------------------------------------------------------------------


def test_vectors_come_in_the_texts_order_and_are_those_of_each_text_alone(folder):
    async def scene():
        async with running(folder) as pool:
            texts = ["one", "two", "one", "", PARROT, "three " * 5_000]
            assert await pool.embed(texts) == vectors(*texts)
            assert await pool.embed([]) == []

    play(scene())


def test_revision_and_dimension_are_those_of_the_embedder(folder):
    async def scene():
        async with running(folder) as pool:
            assert pool.revision == make_embedder(config(folder)).revision
            assert pool.dimension == 64
            assert pool.healthy

    play(scene())


def test_fifty_callers_at_once_each_have_their_own_vectors_in_their_own_order(folder):
    async def scene():
        async with running(folder, msgspec.structs.replace(QUICK, processes=2, batch_texts=7, max_waiting=20)) as pool:
            wanted = [[f"text {(caller * 7 + n * n) % 90}" for n in range(30)] for caller in range(50)]
            got = await asyncio.gather(*(pool.embed(texts) for texts in wanted))
            assert got == [vectors(*texts) for texts in wanted]
            assert sum(len(texts) for texts in wanted) == pool.texts + pool.cached
            assert pool.texts == len({text for texts in wanted for text in texts})

    play(scene())


def test_callers_that_are_ready_together_share_one_batch_and_no_more_than_its_limit(folder):
    seen = Seen()

    async def scene():
        async with running(folder, msgspec.structs.replace(QUICK, batch_texts=8), seen) as pool:
            await asyncio.gather(*(pool.embed([f"text {n}"]) for n in range(20)))
            assert [texts for texts, _ in seen.batches] == [8, 8, 4]
            assert all(seconds > 0 for _, seconds in seen.batches)
            assert (pool.batches, pool.texts) == (3, 20)

    play(scene())


def test_a_text_is_computed_once_while_remembered_and_again_after(folder):
    async def scene():
        async with running(folder, msgspec.structs.replace(QUICK, cached_vectors=2)) as pool:
            await pool.embed(["a", "b", "a", "c", "a"])  # asked for together: on their way for each other
            assert (pool.texts, pool.cached) == (3, 2)
            await pool.embed(["b"])  # among the last two
            assert (pool.texts, pool.cached) == (3, 3)
            assert await pool.embed(["a"]) == vectors("a")
            assert (pool.texts, pool.cached) == (4, 3)

    play(scene())


def test_with_no_memory_every_call_is_computed(folder):
    async def scene():
        async with running(folder, msgspec.structs.replace(QUICK, cached_vectors=0)) as pool:
            for _ in range(3):
                assert await pool.embed(["a"]) == vectors("a")
            assert (pool.texts, pool.cached) == (3, 0)

    play(scene())


def test_texts_that_differ_behind_the_limit_of_characters_are_one_text(folder):
    async def scene():
        pool = EmbeddingPool(EmbedderConfig(runtime="hashing", max_chars=4), QUICK)
        try:
            await pool.start()
            first, second = await pool.embed(["abcdX", "abcdY"])
            assert first == second == to_bytes(HashingEmbedder(max_chars=4).embed(["abcdX"])[0])
            assert pool.texts == 1
        finally:
            await pool.stop()

    play(scene())


@pytest.mark.model
def test_with_the_real_model_every_vector_is_bit_for_bit_that_of_a_direct_call():
    embedder = make_embedder(EmbedderConfig())
    texts = [f"{n} hostages have left the café in Sydney. {'And more of it. ' * (n % 9)}" for n in range(60)]
    texts += ["", PARROT, "गर्म पानी पीने से वायरस नहीं मरता", "الماء الساخن لا يقتل الفيروس", "喝热水不能杀死病毒"]
    alone = [to_bytes(embedder.embed([text])[0]) for text in texts]

    async def scene():
        pool = EmbeddingPool(EmbedderConfig(), PoolConfig(processes=2))
        try:
            await pool.start()
            assert (pool.revision, pool.dimension) == (embedder.revision, embedder.dimension)
            halves = await asyncio.gather(pool.embed(texts[::2]), pool.embed(texts[1::2]))
            assert halves == [alone[::2], alone[1::2]]
            assert np.array_equal(from_bytes(halves[0][0], pool.dimension), embedder.embed(texts[:1])[0])
        finally:
            await pool.stop()

    play(scene())


# --- the event loop ---------------------------------------------------------------------------------------------------


def test_the_event_loop_turns_while_a_batch_holds_the_interpreter(folder):
    seen = Seen()
    gaps = []

    async def tick():
        clock = asyncio.get_running_loop().time
        last = clock()
        while True:
            await asyncio.sleep(0.001)
            now = clock()
            gaps.append(now - last)
            last = now

    async def scene():
        async with running(folder, msgspec.structs.replace(QUICK, timeout_ms=30_000), seen) as pool:
            ticking = asyncio.create_task(tick())
            await pool.embed([f"busy: {n}" for n in range(32)])
            ticking.cancel()
            await asyncio.wait([ticking])

    play(scene())
    ((_, seconds),) = seen.batches
    assert seconds >= 32 * 0.02
    assert (
        max(gaps) < seconds / 3
    )  # on a machine whose processors are all taken; a direct call gives one gap of all of it


def test_callers_wait_for_room_and_no_more_texts_wait_than_allowed(folder):
    most = 0

    async def scene():
        nonlocal most
        settings = msgspec.structs.replace(QUICK, batch_texts=2, max_waiting=4, timeout_ms=300)
        async with running(folder, settings) as pool:
            (folder / "fault").write_text("hangs")
            calls = [asyncio.create_task(pool.embed([f"{n}-{m}" for m in range(5)])) for n in range(3)]
            await until((folder / "hanging").exists)
            most = pool.waiting
            assert most == 4
            (folder / "fault").unlink()
            for n, call in enumerate(calls):
                assert await call == vectors(*(f"{n}-{m}" for m in range(5)))
            assert pool.waiting == 0

    play(scene())


def test_a_caller_that_is_cancelled_takes_the_text_from_nobody_else(folder):

    async def scene():
        async with running(folder) as pool:
            (folder / "accident").write_text("hangs")
            first, second = (asyncio.create_task(pool.embed(["shared"])) for _ in range(2))
            await until((folder / "hanging").exists)
            first.cancel()
            assert await second == vectors("shared")
            assert first.cancelled()

    play(scene())


# --- failures heal ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS)
def test_one_failure_costs_a_process_and_nothing_else(folder, fault):
    seen = Seen()

    async def scene():
        async with running(folder, observer=seen) as pool:
            (folder / "accident").write_text(fault)
            assert await pool.embed(["a", "b"]) == vectors("a", "b")
            assert pool.failures == seen.failures == {KIND.get(fault, "invalid"): 1}
            assert pool.healthy
            assert len(set(starts(folder))) == 2

    play(scene())


@pytest.mark.parametrize("fault", EACH_KIND)
def test_a_lasting_failure_is_waited_out_and_nobody_loses_a_vector(folder, fault):

    async def scene():
        async with running(folder, msgspec.structs.replace(QUICK, timeout_ms=400)) as pool:
            (folder / "fault").write_text(fault)
            call = asyncio.create_task(pool.embed(["a", "b", "c"]))
            await until(lambda: pool.failures.total() >= 5)
            assert not pool.healthy
            assert not call.done()
            late = asyncio.create_task(pool.embed(["b", "d"]))
            (folder / "fault").unlink()
            assert await call == vectors("a", "b", "c")
            assert await late == vectors("b", "d")
            assert pool.healthy
            assert pool.given_up == 0

    play(scene())


def test_a_process_killed_from_outside_while_it_rests_is_replaced(folder):
    async def scene():
        async with running(folder) as pool:
            (pid,) = starts(folder)
            os.kill(pid, signal.SIGKILL)
            assert await pool.embed(["a"]) == vectors("a")
            assert pool.failures == {"died": 1}

    play(scene())


def test_a_process_that_comes_back_with_other_weights_is_refused_until_they_are_put_back(folder):

    async def scene():
        async with running(folder) as pool:
            (folder / "accident").write_text("dies")
            (folder / "revision").write_text("other weights")
            call = asyncio.create_task(pool.embed(["a"]))
            await until(lambda: pool.failures["changed"] >= 3)
            assert not pool.healthy
            (folder / "revision").unlink()
            assert await call == vectors("a")
            assert pool.revision == HashingEmbedder(64).revision

    play(scene())


def test_one_sound_process_serves_everybody_while_another_fails(folder):
    async def scene():
        async with running(folder, msgspec.structs.replace(QUICK, processes=2)) as pool:
            await until(lambda: len((folder / "batches").read_text().split()) == 2)  # both have done the probe
            (folder / "accident").write_text("hangs")
            texts = [f"text {n}" for n in range(100)]
            assert await pool.embed(texts) == vectors(*texts)
            assert pool.failures == {"timeout": 1}

    play(scene())


# --- poisonous texts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", EACH_KIND)
def test_a_poisonous_text_has_no_vector_and_its_neighbours_have_theirs(folder, fault):
    seen = Seen()

    async def scene():
        async with running(folder, msgspec.structs.replace(QUICK, timeout_ms=400), seen) as pool:
            poison = f"{fault}: whoever reads this"
            got = await pool.embed(["before", poison, "after"])
            (before, after) = vectors("before", "after")
            assert got == [before, None, after]
            assert pool.failures == {KIND.get(fault, "invalid"): 2 + 3}  # the batch twice, then the text alone
            assert pool.given_up == seen.refused == 1
            assert pool.healthy

            assert await pool.embed([poison]) == [None]  # remembered: no second round of broken processes
            assert pool.failures.total() == 5

    play(scene())


def test_neighbours_of_a_poisonous_text_do_not_wait_for_its_last_trial(folder):
    async def scene():
        async with running(folder, msgspec.structs.replace(QUICK, timeout_ms=400)) as pool:
            bad, good = (asyncio.create_task(pool.embed([text])) for text in ("hangs: x", "good"))
            assert await good == vectors("good")
            assert not bad.done()
            assert await bad == [None]

    play(scene())


def test_a_text_is_not_blamed_while_the_probe_fails_too(folder):

    async def scene():
        async with running(folder, msgspec.structs.replace(QUICK, attempts=1)) as pool:
            (folder / "fault").write_text("raises")
            call = asyncio.create_task(pool.embed(["innocent"]))
            await until(lambda: pool.failures.total() >= 10)
            (folder / "fault").unlink()
            assert await call == vectors("innocent")

    play(scene())


def test_several_poisonous_texts_are_all_found_out_with_two_processes(folder):
    async def scene():
        async with running(folder, msgspec.structs.replace(QUICK, processes=2, attempts=2)) as pool:
            texts = [f"dies: {n}" if n % 10 == 0 else f"text {n}" for n in range(30)]
            got = await pool.embed(texts)
            assert [n for n, vector in enumerate(got) if vector is None] == [0, 10, 20]
            assert [v for v in got if v] == vectors(*(text for text in texts if text.startswith("text")))

    play(scene())


# --- start and stop ---------------------------------------------------------------------------------------------------


def test_stop_while_a_process_hangs_cancels_the_callers_at_once(folder):
    async def scene():
        pool = pool_at(folder, PoolConfig(batch_texts=2, max_waiting=2))  # with a minute's patience
        await pool.start()
        (folder / "fault").write_text("hangs")
        calls = [asyncio.create_task(pool.embed([f"a{n}", f"b{n}"])) for n in range(3)]
        await until((folder / "hanging").exists)
        begun = asyncio.get_running_loop().time()
        await pool.stop()
        await asyncio.wait(calls)
        assert asyncio.get_running_loop().time() - begun < 10
        assert all(call.cancelled() for call in calls)
        assert not pool.healthy
        await pool.stop()  # a second time does no harm
        with pytest.raises(RuntimeError, match="this pool is not running"):
            await pool.embed(["late"])

    play(scene())


def test_stop_while_the_first_process_hangs_at_its_start_cancels_the_start(folder):
    (folder / "hangs at start").touch()

    async def scene():
        pool = pool_at(folder, PoolConfig())
        start = asyncio.create_task(pool.start())
        await until(lambda: starts(folder))
        await pool.stop()
        await asyncio.wait([start])
        assert start.cancelled()

    play(scene())


def test_stop_right_after_the_start_was_asked_for_leaves_no_process(folder):
    async def scene():
        pool = pool_at(folder, PoolConfig(processes=2))
        start = asyncio.create_task(pool.start())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await pool.stop()
        await asyncio.wait([start])
        assert start.cancelled()

    play(scene())


def test_a_cancelled_start_leaves_no_process(folder):
    (folder / "hangs at start").touch()

    async def scene():
        start = asyncio.create_task(pool_at(folder).start())
        await until(lambda: starts(folder))
        start.cancel()
        await asyncio.wait([start])
        assert start.cancelled()

    play(scene())


def test_a_model_that_cannot_be_used_is_said_at_the_start(folder):
    (folder / "unusable").touch()

    async def scene():
        pool = pool_at(folder)
        with pytest.raises(ModelError, match="a model must be there; got none; put one there"):
            await pool.start()
        assert not pool.healthy
        with pytest.raises(RuntimeError, match="the model is not loaded yet"):
            _ = pool.revision

    play(scene())


@pytest.mark.parametrize(
    "factory", [f"{faulty_embedder.__name__}:nothing", "no_such_module:make", faulty_embedder.__name__]
)
def test_a_factory_that_is_not_there_is_said_at_the_start(folder, factory):
    async def scene():
        with pytest.raises(ModelError, match=r"factory as module:function|No module named"):
            await EmbeddingPool(config(folder), QUICK, factory=factory).start()

    play(scene())


@pytest.mark.parametrize("trouble", ["fails to load", "hangs at start", "fault"])
def test_trouble_at_the_start_is_waited_out(folder, trouble):
    (folder / trouble).write_text("raises")

    async def scene():
        pool = pool_at(folder, msgspec.structs.replace(QUICK, start_timeout_ms=2_000))
        start = asyncio.create_task(pool.start())
        await until(lambda: pool.failures.total() >= 2)
        assert not pool.healthy
        (folder / trouble).unlink()
        await start
        assert pool.healthy
        assert await pool.embed(["a"]) == vectors("a")
        await pool.stop()

    play(scene())


def test_a_second_start_is_refused(folder):
    async def scene():
        async with running(folder) as pool:
            with pytest.raises(RuntimeError, match="started before"):
                await pool.start()
            assert await pool.embed(["a"]) == vectors("a")

    play(scene())


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a child ends after its batch, by the closed pipe")
@pytest.mark.parametrize("at", ["hangs at start", "at work", "at rest"])
def test_a_child_ends_with_a_parent_that_is_killed(folder, at):
    (folder / at).touch()
    code = f"""
import asyncio
from pathlib import Path
from {__name__} import pool_at
async def scene():
    pool = pool_at(Path({str(folder)!r}))
    await pool.start()
    if {at!r} == "at rest":
        Path({str(folder / "hanging")!r}).touch()
    await pool.embed(["hangs: x"] if {at!r} == "at work" else [])
    await asyncio.Event().wait()
asyncio.run(scene())
"""
    parent = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(ROOT)})

    async def scene():
        try:
            await until(lambda: starts(folder) if at == "hangs at start" else (folder / "hanging").exists())
        finally:
            parent.kill()
            parent.wait()
        await until(lambda: not any(alive(pid) for pid in starts(folder)))

    play(scene())


# --- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"processes": 0}, "PoolConfig.processes is 0; expected `int` >= 1"),
        ({"timeout_ms": 0}, "PoolConfig.timeout_ms is 0; expected `int` >= 1"),
        ({"cached_vectors": -1}, "PoolConfig.cached_vectors is -1; expected `int` >= 0"),
        ({"processes": 4, "max_waiting": 127}, "pool.max_waiting is 127, less than a batch for each process: pool"),
        (
            {"restart_delay_ms": 50, "max_restart_delay_ms": 49},
            "pool.max_restart_delay_ms is 49, less than pool.restart_delay_ms (50)",
        ),
    ],
)
def test_settings_with_which_nothing_would_be_embedded_are_refused(setting, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        PoolConfig(**setting)


def test_settings_at_their_limits_are_taken():
    assert (
        PoolConfig(
            processes=4, max_waiting=128, cached_vectors=0, restart_delay_ms=50, max_restart_delay_ms=50
        ).processes
        == 4
    )
