"""How fast a cascade gains distinct sharers: the default detector L and the baselines, selectable by name."""
