"""Convert what Mastodon servers publish: statuses, streams, reports to moderators, ActivityPub activities."""
