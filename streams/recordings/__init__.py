"""Recorded event streams: read them from files and topics, write them, publish them."""
