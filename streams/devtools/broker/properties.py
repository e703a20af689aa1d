"""Write the configuration of the broker: one small node, both broker and controller, with short timeouts.

Paths are relative to the folder of the broker, the working folder of Kafka, so no folder name can break the file.
"""

from streams.devtools.broker.ports import HOST, Ports
from streams.devtools.broker.security import LISTENER, Security

DATA = "data"

_FIXED = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "log.dirs": DATA,
    # Topics are created explicitly, so a misspelt name is an error.
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    # After a crash the node restarts once its old session has expired, by default after nine seconds.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    # One node allows one copy; internal topics have few partitions, because each partition costs files and time.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "4",
    # Small files and buffers: a test fills several segments, and the cleaner fits into the heap.
    "log.segment.bytes": str(16 << 20),
    "log.index.size.max.bytes": str(1 << 20),
    "log.cleaner.dedupe.buffer.size": str(8 << 20),
    "num.network.threads": "2",
    "num.io.threads": "4",
}


def server_properties(ports: Ports, security: Security) -> str:
    """Return the text of the configuration file."""
    lines = _FIXED | _listeners(ports, security) | security.properties()
    return "".join(f"{name}={value}\n" for name, value in lines.items())


def _listeners(ports: Ports, security: Security) -> dict[str, str]:
    clients = {"PLAINTEXT": ports.plain}
    protocols = {"PLAINTEXT": "PLAINTEXT", "CONTROLLER": "PLAINTEXT"}
    if security.protocol is not None:
        clients[LISTENER] = ports.secured
        protocols[LISTENER] = security.protocol
    return {
        "listeners": _addresses(clients | {"CONTROLLER": ports.controller}),
        "advertised.listeners": _addresses(clients),
        "listener.security.protocol.map": ",".join(f"{name}:{protocol}" for name, protocol in protocols.items()),
        "controller.quorum.bootstrap.servers": f"{HOST}:{ports.controller}",
    }


def _addresses(listeners: dict[str, int]) -> str:
    return ",".join(f"{name}://{HOST}:{port}" for name, port in listeners.items())
