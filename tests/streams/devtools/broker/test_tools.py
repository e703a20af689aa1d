"""Before Kafka there are Java, Maven, a folder and ports, and each may be missing. No Kafka is run here."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from streams.devtools.broker import Broker, ToolMissingError, ports
from streams.devtools.broker.class_path import class_path
from streams.devtools.broker.tools import find_java, find_maven
from streams.errors import UserError
from tests.streams.devtools.broker.fixture import tools_needed


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """Writes a shell script to a folder that is the whole PATH, as `java` or `mvn`."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def put(name, script):
        place = folder / name
        place.write_text(f"#!/bin/sh\n{script}\n")
        place.chmod(0o755)
        return str(place)

    return put


def resolver(folder, then=""):
    """A Maven that counts its runs, is slow, and names one file."""
    return (
        f"echo run >>{folder}/runs\n"
        'for word in "$@"; do case $word in -Dmdep.outputFile=*) out=${word#*=};; esac; done\n'
        f"/bin/sleep 0.3\n>{folder}/kafka.jar; echo {folder}/kafka.jar >$out\n{then}"
    )


@pytest.mark.parametrize(
    ("said", "accepted"),
    [
        ('openjdk version "17" 2021-09-14', True),
        ('openjdk version "17.0.15" 2025-04-15', True),
        ('openjdk version "26-ea" 2026-03-17', True),
        ('java version "1.8.0_401"', False),
        ('openjdk version "16.0.2" 2021-07-20', False),
        ("no version at all", False),
    ],
)
def test_java_17_is_the_oldest_that_will_do(tools, said, accepted):
    java = tools("java", f"echo '{said}' >&2")
    if accepted:
        assert find_java() == java
        return
    with pytest.raises(ToolMissingError, match=r"needs Java 17 or newer, and .*java is (8|16|of an unknown version)"):
        find_java()


def test_java_and_maven_that_are_not_there_are_named_with_what_to_install(tools):
    with pytest.raises(ToolMissingError, match=r"PATH has no `java`; install a Java runtime"):
        find_java()
    with pytest.raises(ToolMissingError, match=r"PATH has no `mvn`; .* apt install maven"):
        find_maven()


def test_kafka_is_fetched_once_also_where_several_ask_at_the_same_time(tools, tmp_path):
    tools("mvn", resolver(tmp_path))
    cache = tmp_path / "cache"
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: class_path(cache), range(4)))
    assert found == [str(tmp_path / "kafka.jar")] * 4
    assert (tmp_path / "runs").read_text() == "run\n"


def test_another_process_finds_what_was_fetched_and_needs_no_maven(tools, tmp_path):
    tools("mvn", resolver(tmp_path))
    found = class_path(tmp_path / "cache" / "broker")
    asked = subprocess.run(
        [sys.executable, "-c", "from streams.devtools.broker.class_path import class_path; print(class_path())"],
        env={"PATH": "/nowhere", "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "elsewhere")}
        | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "PATH has no `mvn`" in asked.stderr  # another cache, so it asks
    assert class_path(tmp_path / "cache" / "broker") == found
    assert (tmp_path / "runs").read_text() == "run\n"


def test_files_that_were_deleted_since_are_fetched_again(tools, tmp_path):
    tools("mvn", resolver(tmp_path))
    class_path(tmp_path / "cache")
    (tmp_path / "kafka.jar").unlink()
    assert class_path(tmp_path / "cache") == str(tmp_path / "kafka.jar")
    assert (tmp_path / "runs").read_text() == "run\nrun\n"


def test_a_maven_that_fails_is_quoted_and_leaves_no_entry(tools, tmp_path):
    tools("mvn", resolver(tmp_path, then="echo '[ERROR] Unknown host repo.example'; exit 1"))
    with pytest.raises(UserError, match=r"(?s)mvn could not fetch .* \(exit status 1\).*Unknown host repo\.example"):
        class_path(tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*.classpath"))


def test_a_cache_that_is_no_folder_is_named(tools, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot write to the cache folder .*XDG_CACHE_HOME"):
        class_path(tmp_path / "file")


def ready(tools, tmp_path, monkeypatch):
    tools("java", "echo 'version \"21\"' >&2; [ $1 = -version ] || { echo 'Caused by: no luck'; exit 1; }")
    tools("mvn", resolver(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_folder_that_is_a_file_or_holds_other_things_is_refused_and_left_alone(tools, tmp_path, monkeypatch):
    ready(tools, tmp_path, monkeypatch)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot write to the folder of the broker .*file: File exists"):
        Broker(tmp_path / "file").start()
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "photo.jpg").touch()
    with pytest.raises(UserError, match="has files of another program"):
        Broker(tmp_path / "holiday").start()
    assert [path.name for path in (tmp_path / "holiday").iterdir()] == ["photo.jpg"]


def test_a_format_that_fails_shows_what_was_said(tools, tmp_path, monkeypatch):
    ready(tools, tmp_path, monkeypatch)
    with pytest.raises(UserError, match="Caused by: no luck"):
        Broker(tmp_path / "new").start()


def test_an_address_is_known_only_after_the_start(tmp_path):
    with pytest.raises(ValueError, match="has no address before its first start"):
        _ = Broker(tmp_path).bootstrap


@pytest.mark.parametrize("name", ["start_within_s", "stop_within_s"])
def test_durations_are_positive(tmp_path, name):
    with pytest.raises(ValueError, match=f"{name} must be positive, not 0"):
        Broker(tmp_path, **{name: 0})


def test_chosen_ports_differ_are_free_and_are_none_that_a_client_is_given():
    for _ in range(50):
        chosen = ports.choose()
        numbers = {chosen.plain, chosen.controller, chosen.secured}
        assert len(numbers) == 3
        assert all(20_000 <= port < 32_000 for port in numbers)
    assert ports.choose(25_000).plain == 25_000


@pytest.mark.parametrize("port", [-1, 70_000])
def test_a_number_that_is_no_port_is_refused(port):
    with pytest.raises(UserError, match=f"port {port} is not free"):
        ports.require_free(port)


def test_without_tools_a_test_is_skipped_loudly_but_not_where_skipping_would_hide_it(tools, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("HEARSAY_REQUIRE_BROKER", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"NO BROKER, NOT TESTED: .*Java 17"), tools_needed():
        find_java()
    monkeypatch.setenv("HEARSAY_REQUIRE_BROKER", "1")
    with pytest.raises(ToolMissingError), tools_needed():
        find_java()
    monkeypatch.delenv("HEARSAY_REQUIRE_BROKER")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(ToolMissingError), tools_needed():
        find_java()
