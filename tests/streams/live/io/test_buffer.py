"""A buffer gives its task each record once, in order, without gaps; and adding records never waits."""

import asyncio

from faust.types import TP

from streams.live.io.buffer import PartitionBuffer
from streams.live.io.in_flight import InFlightSends
from streams.live.io.transport import FetchedBatch, FetchedRecord


class Fetcher:
    """Stands in for the consumer, and records each call."""

    def __init__(self):
        self.paused, self.rewound, self.end = set(), [], 0

    def pause_fetching(self, tp):
        self.paused.add(tp)

    def resume_fetching(self, tp):
        self.paused.discard(tp)

    def log_end(self, tp):
        return self.end

    async def rewind(self, tp, offset):
        self.rewound.append(offset)


HERE = TP("forwards", 3)


def batch(*offsets):
    return FetchedBatch(offsets[0], tuple(FetchedRecord(offset, b"%d" % offset, 7) for offset in offsets))


def given(*steps, max_records=100, position=0):
    """The records in a buffer after batches of offsets, and the offsets of its rewinds."""

    async def run():
        fetcher = Fetcher()
        buffer = PartitionBuffer(fetcher, HERE, max_records)
        buffer.open(position)
        for offsets in steps:
            buffer.put(batch(*offsets))
            await asyncio.sleep(0)
        return [buffer.take()[:2] for _ in range(len(buffer))], fetcher.rewound

    return asyncio.run(run())


def test_records_in_order_come_as_they_are():
    assert given([0, 1], [2]) == ([(0, 0), (1, 1), (2, 2)], [])


def test_records_that_come_again_are_dropped():
    #  0 1 2 | a rebalance: from 1 again
    assert given([0, 1, 2], [1, 2, 3]) == ([(0, 0), (1, 1), (2, 2), (3, 3)], [])


def test_a_record_too_early_sends_the_consumer_back_and_what_is_behind_it_is_dropped_until_the_gap_is_filled():
    #  0 | 5 6 (1..4 passed over) | 7 | from 1 again
    assert given([0], [5, 6], [7], [1, 2, 3, 4, 5]) == ([(n, n) for n in range(6)], [1])


def test_a_gap_that_is_there_again_after_the_rewind_is_the_logs_own():
    #  a transaction's marker at 1, or a log that begins later:   0 | 2 | (back to 1) 2 3
    assert given([0], [2], [2, 3]) == ([(0, 0), (1, 2), (3, 3)], [1])


def test_a_gap_between_records_that_were_fetched_together_is_the_logs_own():
    #  0 1 | 2 is the marker of a transaction, 3 4 were aborted | 5
    assert given([0, 1, 5]) == ([(0, 0), (1, 1), (2, 5)], [])


def test_a_record_at_an_offset_that_the_log_skips_to_comes_at_once():
    async def run():
        fetcher = Fetcher()
        buffer = PartitionBuffer(fetcher, HERE, 100)
        buffer.open(0)
        buffer.put(batch(0))
        buffer.skip_to(9)  # has a record still, so the next offset stays
        first, here = buffer.take(), buffer.next_offset
        buffer.skip_to(3)
        buffer.put(batch(3))
        return first.offset, here, buffer.take()[:2], fetcher.rewound

    assert asyncio.run(run()) == (0, 1, (3, 3), [])


def test_a_position_in_the_middle_drops_what_lies_before_it():
    assert given([0, 1, 2, 3], position=2) == ([(2, 2), (3, 3)], [])


def test_what_comes_before_the_position_is_known_waits_for_it():
    async def run():
        buffer = PartitionBuffer(Fetcher(), HERE, 10)
        buffer.put(batch(0, 1, 2))
        assert not len(buffer)
        buffer.open(1)
        return [buffer.take().offset for _ in range(len(buffer))]

    assert asyncio.run(run()) == [1, 2]


def test_a_partition_with_enough_records_is_not_fetched_until_half_of_them_are_taken():
    async def run():
        fetcher = Fetcher()
        buffer = PartitionBuffer(fetcher, HERE, 4)
        buffer.open(0)
        buffer.put(batch(0, 1, 2))
        assert not fetcher.paused
        buffer.put(batch(3, 4))
        assert fetcher.paused == {HERE}
        buffer.take_many(3)
        assert fetcher.paused == {HERE}
        buffer.take()
        return fetcher.paused

    assert asyncio.run(run()) == set()


def test_a_partition_held_while_its_state_was_restored_is_fetched_again_when_all_that_came_was_old():
    #  committed at 0, a newer checkpoint at 8:   0..5 come early and are too many | opened at 8: none of them is due
    async def run():
        fetcher = Fetcher()
        buffer = PartitionBuffer(fetcher, HERE, 4)
        buffer.put(batch(0, 1, 2, 3, 4, 5))
        assert fetcher.paused == {HERE}
        buffer.open(8)
        return fetcher.paused

    assert asyncio.run(run()) == set()


def test_a_waiting_task_is_woken_by_a_record_and_by_the_end():
    async def run():
        buffer = PartitionBuffer(Fetcher(), HERE, 4)
        buffer.open(0)
        asyncio.get_running_loop().call_soon(buffer.put, batch(0))
        assert await buffer.wait(60)
        buffer.take()
        asyncio.get_running_loop().call_soon(buffer.close)
        assert not await buffer.wait(60)
        buffer.put(batch(1))
        return len(buffer)

    assert asyncio.run(run()) == 0


def test_lost_records_are_fetched_again_when_nothing_follows_them(monkeypatch):
    #  0 1 | 2 and 3 were fetched just before a rebalance, and nothing comes behind them
    async def run():
        fetcher = Fetcher()
        buffer = PartitionBuffer(fetcher, HERE, 10)
        buffer.open(0)
        buffer.put(batch(0, 1))
        buffer.take_many(2)
        fetcher.end = 4
        buffer.rewind_if_stalled()
        await asyncio.sleep(0)
        soon = list(fetcher.rewound)
        monkeypatch.setattr("streams.live.io.buffer._STALL_S", -1.0)
        buffer.rewind_if_stalled()
        await asyncio.sleep(0)
        return soon, fetcher.rewound

    assert asyncio.run(run()) == ([], [2])


def test_a_partition_that_no_fetch_has_covered_is_rewound(monkeypatch):
    #  opened at 43 | Faust left it paused after a rebalance: its log end is unknown, and nothing comes
    async def run():
        fetcher = Fetcher()
        fetcher.end = None
        buffer = PartitionBuffer(fetcher, HERE, 10)
        buffer.open(43)
        monkeypatch.setattr("streams.live.io.buffer._STALL_S", -1.0)
        buffer.rewind_if_stalled()
        await asyncio.sleep(0)
        return fetcher.rewound

    assert asyncio.run(run()) == [43]


def test_records_that_are_put_back_come_first_again():
    async def run():
        buffer = PartitionBuffer(Fetcher(), HERE, 10)
        buffer.open(0)
        buffer.put(batch(0, 1, 2, 3))
        taken = buffer.take_many(3)
        taken.popleft()
        buffer.put_back(taken)
        return [buffer.take().offset for _ in range(3)]

    assert asyncio.run(run()) == [1, 2, 3]


def test_a_position_is_done_when_everything_before_it_is_acknowledged():
    #  sent for 1, 2, 3   acknowledged: 2, then 1
    async def run():
        loop, in_flight, done = asyncio.get_running_loop(), InFlightSends(0), []
        first, second, third = (loop.create_future() for _ in range(3))
        for position, future in ((1, first), (2, second), (3, third)):
            in_flight.add(position, [future])
        second.set_result(None)
        await in_flight.flush(at_most=3)
        done.append(in_flight.done)
        first.set_result(None)
        await in_flight.flush(at_most=3)
        done.append((in_flight.done, len(in_flight)))
        loop.call_soon(third.set_result, None)
        await in_flight.flush()
        return [*done, in_flight.done]

    assert asyncio.run(run()) == [0, (2, 1), 3]
