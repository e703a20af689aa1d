"""Interrupts that are held back until a block has ended."""

import signal
import threading

import pytest

from streams.process import deferred_interrupts


@pytest.fixture
def terminable():
    """SIGTERM acts like Ctrl-C, as in the commands that make runs."""
    usual = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, usual)


@pytest.mark.usefixtures("terminable")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_takes_effect_after_the_block(sent):
    done = []

    def block() -> None:
        with deferred_interrupts():
            signal.raise_signal(sent)
            signal.raise_signal(sent)
            done.append("block")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert done == ["block"]
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(sent)


def test_without_a_signal_nothing_happens():
    usual = signal.getsignal(signal.SIGINT)
    with deferred_interrupts():
        pass
    assert signal.getsignal(signal.SIGINT) is usual


def test_an_error_in_the_block_is_raised_and_the_handlers_are_back():
    usual = signal.getsignal(signal.SIGINT)
    with pytest.raises(ValueError, match="a defect"), deferred_interrupts():
        raise ValueError("a defect")
    assert signal.getsignal(signal.SIGINT) is usual


def test_in_another_thread_the_block_runs_unchanged():
    done = []

    def block() -> None:
        with deferred_interrupts():
            done.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=block)
    thread.start()
    thread.join()
    assert done == [signal.getsignal(signal.SIGINT)]
