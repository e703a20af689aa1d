"""States that are restored in several threads at once, as tasks do."""

import subprocess
import sys

TWO_THREADS = """
import threading, time
import msgspec
from detectors.snapshot import pack, unpack

def taught_slowly(kind):  # the other thread gets its turn while the type is half known
    time.sleep(0.3)
    return kind

class Part(msgspec.Struct, array_like=True):
    number: "taught_slowly(int)"

class State(msgspec.Struct, array_like=True):
    part: Part
    numbers: list[int]

data = pack("state", 1, [[1], [2]])
together, found = threading.Barrier(2), []

def restore():
    together.wait()
    found.append(unpack("state", 1, State, data))

threads = [threading.Thread(target=restore) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(found == [State(Part(1), [2])] * 2)
"""


def test_two_threads_may_restore_the_first_states_of_their_kind():
    #  thread 1  learns State ......... decodes
    #  thread 2     needs State ....... decodes
    done = subprocess.run([sys.executable, "-c", TWO_THREADS], capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
