"""The container files run what the program has, open nothing to the network, and give no two workers one state."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import typer

from streams.cli.main import main
from streams.live.ops.metrics import Metrics
from streams.live.ops.web import Readiness, Web
from streams.live.worker import SHUTDOWN_S
from streams.settings.load import load
from tests.compose.services import COMPOSE, OURS, ROOT, argv, environment

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
HEARSAY = typer.main.get_command(main)
PROFILES = sorted({profile for service in COMPOSE["services"].values() for profile in service.get("profiles", ())})
STATE = "/var/lib/hearsay"


def parse(words):
    command = HEARSAY.commands[words[0]]
    with command.make_context(words[0], list(words[1:])):
        pass


def run(words):
    return subprocess.run(words, check=False, capture_output=True, text=True, cwd=ROOT)


@pytest.mark.parametrize("profiles", [[], *([one] for one in PROFILES), PROFILES], ids=" and ".join)
def test_docker_compose_accepts_the_file(profiles):
    docker = shutil.which("docker")
    if docker is None or run([docker, "compose", "version"]).returncode:
        pytest.skip("NO `docker compose` HERE: whether it accepts docker-compose.yml is not checked")
    chosen = [word for profile in profiles for word in ("--profile", profile)]
    done = run([docker, "compose", *chosen, "config", "--quiet"])
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("name", [name for name in OURS if argv(name)[0] == "hearsay"])
def test_a_service_runs_a_command_of_hearsay_with_options_that_it_has(name):
    parse(argv(name)[1:])


def test_the_image_runs_commands_of_hearsay():
    (entry,) = re.findall(r"^ENTRYPOINT (.+)$", DOCKERFILE, re.MULTILINE)
    assert json.loads(entry) == ["hearsay"]
    built_with = re.findall(r"^RUN hearsay (.+)$", DOCKERFILE, re.MULTILINE)
    assert built_with == ["doctor"]
    parse(built_with)


def test_the_replay_is_that_of_make_demo_with_a_folder_of_its_own():
    (made,) = re.findall(r"/hearsay (replay .+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert argv("replay")[1:] == [{"runs/demo": "/runs/demo"}.get(word, word) for word in made.split()]


def test_the_consumer_is_given_options_that_it_has():
    program, *words = argv("consumer")
    assert program == "python"
    stopped_early = ["--set", "nothing.of=this"]  # the command line is read before the settings are
    done = run([sys.executable, *words, *stopped_early])
    assert "unrecognized arguments" not in done.stderr
    assert "nothing.of" in done.stderr


@pytest.mark.parametrize("name", list(OURS))
def test_a_services_environment_is_made_of_settings_that_there_are(name):
    effective = load(None, environment(name))
    assert effective.settings.kafka.bootstrap == "kafka:9092"
    assert effective.key.is_demo
    own = load(None, environment(name, HEARSAY_KEY="ab" * 32, HEARSAY_ORDER__IDLE_TIMEOUT_MS="5000"))
    assert not own.key.is_demo
    assert own.settings.pipeline.order.idle_timeout_ms == 5000


def test_without_a_wish_of_ones_own_the_settings_are_the_defaults():
    defaults = load(None, {}).settings
    assert all(load(None, environment(name)).settings.pipeline == defaults.pipeline for name in OURS)


def test_the_images_environment_is_made_of_settings_that_there_are():
    given = dict(re.findall(r"\b(HEARSAY_\w+__\w+)=(\S+)", DOCKERFILE))
    worker = load(None, given).settings.worker
    assert worker.data_dir == STATE
    assert worker.host == "0.0.0.0"


def test_every_file_that_a_service_mounts_or_runs_is_there():
    mounts = [mount.split(":")[0] for service in COMPOSE["services"].values() for mount in service.get("volumes", ())]
    local = [mount for mount in mounts if mount.startswith("./")]
    read = [word for name in OURS for word in argv(name) if word.startswith("examples/")]
    assert local
    assert read
    assert [path for path in (*local, *read) if not (ROOT / path).exists()] == []
    named = {mount for mount in mounts if not mount.startswith((".", "/"))}
    assert named == set(COMPOSE["volumes"])


def test_what_the_image_copies_is_not_kept_out_of_it():
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in ignored
    copied = [line.split()[:-1] for line in re.findall(r"^COPY ((?!--from).+)$", DOCKERFILE, re.MULTILINE)]
    paths = {path for line in copied for path in line if not path.startswith("--")}
    assert paths == {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert all((ROOT / path).exists() for path in paths)


def test_ports_are_open_to_this_machine_alone():
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", ())]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []
    assert not any("network_mode" in service for service in COMPOSE["services"].values())


def test_every_image_has_a_version():
    images = [service["image"] for service in COMPOSE["services"].values()]
    images += re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert [image for image in images if not re.search(r":v?\d+\.\d+", image)] == []


def test_the_image_is_built_by_one_service_and_fetched_by_none():
    assert [name for name, service in COMPOSE["services"].items() if "build" in service] == ["worker"]
    assert {service["image"] for service in OURS.values()} == {OURS["worker"]["image"]}
    assert {service["pull_policy"] for service in OURS.values()} == {"never"}


def test_no_two_workers_share_a_state_folder_a_name_or_a_port():
    worker = OURS["worker"]
    assert worker["volumes"] == [STATE]  # without a name: each container has its own
    assert not {"container_name", "hostname", "ports"} & set(worker)
    others = [mount for name in OURS if name != "worker" for mount in OURS[name].get("volumes", ())]
    assert not any(STATE in mount for mount in others)


def test_a_worker_has_the_time_that_it_may_take_to_stop():
    minutes = int(OURS["worker"]["stop_grace_period"].removesuffix("m"))
    assert minutes * 60 > 2 * load(None, {}).settings.worker.drain_timeout_ms / 1_000 + SHUTDOWN_S


def test_the_image_does_not_run_as_root():
    stage = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (\S+)", stage, re.MULTILINE) == ["hearsay"]
    assert "useradd" in stage
    assert not any("user" in service or "privileged" in service for service in COMPOSE["services"].values())


def test_only_workers_are_asked_for_their_health():
    asked = [name for name in OURS if not OURS[name].get("healthcheck", {}).get("disable")]
    assert asked == ["worker"]


def health_check():
    (command,) = re.findall(r"^HEALTHCHECK .*? CMD (.+)$", DOCKERFILE.replace("\\\n", ""), re.MULTILINE)
    _, *words = json.loads(command)
    return words


async def ask_at(port):
    variables = os.environ | {"HEARSAY_WORKER__PORT": str(port)}
    asking = await asyncio.create_subprocess_exec(
        sys.executable, *health_check(), env=variables, stderr=asyncio.subprocess.DEVNULL
    )
    return await asking.wait()


async def ask_a_worker():
    web = Web("127.0.0.1", 0, Metrics().registry, lambda: Readiness(False, ("starting",)))
    port = await web.start()
    answered = await ask_at(port)
    await web.stop()
    return answered, await ask_at(port)


def test_the_health_check_passes_while_the_loop_turns_and_fails_when_nobody_answers():
    answered, gone = asyncio.run(ask_a_worker())
    assert answered == 0
    assert gone != 0


def test_the_health_check_asks_at_the_port_that_a_worker_has_without_being_told():
    port = str(load(None, {}).settings.worker.port)
    assert f"'{port}'" in health_check()[1]
    assert f"EXPOSE {port}\n" in DOCKERFILE
