"""Records in and out: the partition buffer, sends in flight, checkpoints and the Faust transport."""
