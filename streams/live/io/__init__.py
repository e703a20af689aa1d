"""Input and output of partition tasks: buffers, in-flight sends, checkpoints and the Kafka transport."""
