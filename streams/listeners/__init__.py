"""Listen to the streams of platforms, and publish their events to the topic `forwards`."""
