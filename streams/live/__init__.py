"""Live operation: the same stage objects as a replay, driven by Faust agents on Apache Kafka."""
