"""From raw events to alerts: intake, ordering and clustering, cascades, and the live stages built on them."""
