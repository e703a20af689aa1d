"""How a message spreads: forward graph, inferred edges, distinct sharers, recent joins."""
