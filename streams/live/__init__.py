"""Run the pipeline live: the stage objects of a replay, driven by Faust agents on Apache Kafka."""
