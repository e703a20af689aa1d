"""Follow the spread of a message: forward graph, inferred edges, distinct sharers and recent joins."""
