"""Operate a worker: logs, metrics, web endpoints and a bounded shutdown."""
