"""What every test may ask for by name."""

from tests.broker.fixture import broker, own_broker

__all__ = ["broker", "own_broker"]
