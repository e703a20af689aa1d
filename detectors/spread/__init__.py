"""Follow how a message spreads: forward graph, edges and distinct sharers."""
