"""A worker's process ends in time, with what it has said, whatever a library of its own still waits for."""

import subprocess
import sys

import pytest

HANGS = """
import logging, threading
from streams.live.ending import in_time, leave
logging.basicConfig(format="%(message)s %(status)s")
never = threading.Event()
threading.Thread(target=never.wait).start()  # as the interpreter would wait for a consumer's thread
"""


def ended(code):
    done = subprocess.run(
        [sys.executable, "-c", HANGS + code], capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("status", [0, 1])
def test_a_block_that_takes_too_long_ends_the_process_and_says_what_it_waited_for(status):
    returncode, _, said = ended(f"with in_time(0.2, {status}): never.wait()")
    assert returncode == status
    assert f"worker did not hang up in time {status}" in said
    assert 'File "<string>", line' in said


def test_a_block_that_ends_in_time_goes_on():
    code = """
import time
with in_time(0.5, 1): pass
time.sleep(1.0)
leave(7)
"""
    returncode, _, said = ended(code)
    assert (returncode, said) == (7, "")


def test_leaving_waits_for_no_thread_and_loses_no_word():
    assert ended("print('last words'); leave(3)") == (3, "last words\n", "")
