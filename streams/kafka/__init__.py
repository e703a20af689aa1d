"""Kafka clients, topics and offsets, without Faust."""
