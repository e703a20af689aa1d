"""A worker's process ends in time, with what it has said, whatever a library of its own still waits for."""

import subprocess
import sys

import pytest

HANGS = """
import asyncio, logging, threading, time
from streams.live.ops.shutdown import exit_after, exit_now
handler = logging.StreamHandler()
handler.setFormatter(logging.Formatter("%(message)s %(status)s%(calls)s", defaults={"status": "", "calls": ""}))
logging.basicConfig(handlers=[handler])
never = threading.Event()
threading.Thread(target=never.wait).start()  # as the interpreter would wait for a consumer's thread
async def block(seconds, status, wait, last_line=None):
    async with exit_after(seconds, status, last_line):
        await wait()
async def hanging(): await asyncio.Event().wait()
async def blocking(): never.wait()
async def quick(): pass
"""


def ended(code):
    done = subprocess.run(
        [sys.executable, "-c", HANGS + code], capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("status", [0, 1])
@pytest.mark.parametrize("wait", ["hanging", "blocking"])
def test_a_block_that_takes_too_long_ends_the_process_and_says_what_it_waited_for(wait, status):
    returncode, _, said = ended(f"asyncio.run(block(0.2, {status}, {wait}))")
    assert returncode == status
    assert f"shutdown timed out {status}" in said
    assert 'File "<string>", line' in said
    assert f"['block', '{wait}'" in said or wait == "blocking"


def test_what_a_person_can_put_right_is_still_the_last_line_of_a_process_that_took_too_long():
    returncode, _, said = ended("asyncio.run(block(0.2, 2, blocking, 'error: set it back'))")
    assert returncode == 2
    assert said.splitlines()[-1] == "error: set it back"


def test_a_block_that_ends_exit_after_goes_on():
    assert ended("asyncio.run(block(0.5, 1, quick, 'no')); time.sleep(1.0); exit_now(7)") == (7, "", "")


def test_leaving_waits_for_no_thread_and_loses_no_word():
    assert ended("print('last words'); exit_now(3)") == (3, "last words\n", "")
