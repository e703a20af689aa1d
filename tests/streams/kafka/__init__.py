"""What speaks to Kafka through kafka-python, against the real broker."""
