"""The drivers: settings, embedders, sources, replay, command line. They touch the world and know no rule of rumours."""
