"""An input gives its lane each record once, in order, none left out; and never lets whoever hands records in wait."""

import asyncio

from faust.types import TP

from streams.live.io.buffer import PartitionBuffer
from streams.live.io.in_flight import InFlightSends
from streams.live.io.transport import FetchedBatch


class Fetcher:
    """Stands for the consumer: notes what it is told."""

    def __init__(self):
        self.held, self.rewound, self.behind_last = set(), [], 0

    def hold(self, tp):
        self.held.add(tp)

    def release(self, tp):
        self.held.discard(tp)

    def end(self, tp):
        return self.behind_last

    async def rewind(self, tp, offset):
        self.rewound.append(offset)


HERE = TP("forwards", 3)


def batch(*offsets):
    return FetchedBatch(tuple((offset, b"%d" % offset) for offset in offsets))


def given(*steps, bound=100, position=0):
    """What an input gives after batches of offsets; the offsets it rewound to."""

    async def run():
        fetcher = Fetcher()
        input_ = PartitionBuffer(fetcher, HERE, bound)
        input_.open(position)
        for offsets in steps:
            input_.put(batch(*offsets))
            await asyncio.sleep(0)
        return [input_.take()[:2] for _ in range(len(input_))], fetcher.rewound

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


def test_a_position_in_the_middle_drops_what_lies_before_it():
    assert given([0, 1, 2, 3], position=2) == ([(2, 2), (3, 3)], [])


def test_what_comes_before_the_position_is_known_waits_for_it():
    async def run():
        input_ = PartitionBuffer(Fetcher(), HERE, 10)
        input_.put(batch(0, 1, 2))
        assert not len(input_)
        input_.open(1)
        return [input_.take().offset for _ in range(len(input_))]

    assert asyncio.run(run()) == [1, 2]


def test_a_partition_with_enough_records_is_not_fetched_until_half_of_them_are_taken():
    async def run():
        fetcher = Fetcher()
        input_ = PartitionBuffer(fetcher, HERE, 4)
        input_.open(0)
        input_.put(batch(0, 1, 2))
        assert not fetcher.held
        input_.put(batch(3, 4))
        assert fetcher.held == {HERE}
        input_.take_some(3)
        assert fetcher.held == {HERE}
        input_.take()
        return fetcher.held

    assert asyncio.run(run()) == set()


def test_a_partition_held_while_its_state_was_restored_is_fetched_again_when_all_that_came_was_old():
    #  committed at 0, a newer checkpoint at 8:   0..5 come early and are too many | opened at 8: none of them is due
    async def run():
        fetcher = Fetcher()
        input_ = PartitionBuffer(fetcher, HERE, 4)
        input_.put(batch(0, 1, 2, 3, 4, 5))
        assert fetcher.held == {HERE}
        input_.open(8)
        return fetcher.held

    assert asyncio.run(run()) == set()


def test_whoever_waits_is_woken_by_a_record_and_by_the_end():
    async def run():
        input_ = PartitionBuffer(Fetcher(), HERE, 4)
        input_.open(0)
        asyncio.get_running_loop().call_soon(input_.put, batch(0))
        assert await input_.wait(60)
        input_.take()
        asyncio.get_running_loop().call_soon(input_.close)
        assert not await input_.wait(60)
        input_.put(batch(1))
        return len(input_)

    assert asyncio.run(run()) == 0


def test_what_was_fetched_and_never_came_is_asked_for_when_nothing_follows_it(monkeypatch):
    #  0 1 | 2 and 3 were fetched just before a rebalance, and nothing comes behind them
    async def run():
        fetcher = Fetcher()
        input_ = PartitionBuffer(fetcher, HERE, 10)
        input_.open(0)
        input_.put(batch(0, 1))
        input_.take_some(2)
        fetcher.behind_last = 4
        input_.look_after()
        await asyncio.sleep(0)
        soon = list(fetcher.rewound)
        monkeypatch.setattr("streams.live.io.buffer._PATIENCE_S", -1.0)
        input_.look_after()
        await asyncio.sleep(0)
        return soon, fetcher.rewound

    assert asyncio.run(run()) == ([], [2])


def test_a_partition_that_no_fetch_has_told_of_is_asked_for(monkeypatch):
    #  opened at 43 | Faust left it paused after a rebalance: nobody knows its end, and nothing comes
    async def run():
        fetcher = Fetcher()
        fetcher.behind_last = None
        input_ = PartitionBuffer(fetcher, HERE, 10)
        input_.open(43)
        monkeypatch.setattr("streams.live.io.buffer._PATIENCE_S", -1.0)
        input_.look_after()
        await asyncio.sleep(0)
        return fetcher.rewound

    assert asyncio.run(run()) == [43]


def test_what_is_given_back_comes_first_again():
    async def run():
        input_ = PartitionBuffer(Fetcher(), HERE, 10)
        input_.open(0)
        input_.put(batch(0, 1, 2, 3))
        taken = input_.take_some(3)
        taken.popleft()
        input_.give_back(taken)
        return [input_.take().offset for _ in range(3)]

    assert asyncio.run(run()) == [1, 2, 3]


def test_a_position_is_done_when_everything_before_it_is_acknowledged():
    #  sent for 1, 2, 3   acknowledged: 2, then 1
    async def run():
        loop, outbox, done = asyncio.get_running_loop(), InFlightSends(), []
        first, second, third = (loop.create_future() for _ in range(3))
        for position, future in ((1, first), (2, second), (3, third)):
            outbox.add(position, [future])
        second.set_result(None)
        await outbox.settle(at_most=3)
        done.append(outbox.done)
        first.set_result(None)
        await outbox.settle(at_most=3)
        done.append((outbox.done, len(outbox)))
        loop.call_soon(third.set_result, None)
        await outbox.settle()
        return [*done, outbox.done]

    assert asyncio.run(run()) == [0, (2, 1), 3]
