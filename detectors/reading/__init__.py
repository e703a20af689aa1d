"""Read one event from bytes: the first step of the data's path, the same live and in a replay."""
