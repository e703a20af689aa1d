"""Recognises sightings that add to a post which counts already: edits, and further parts of an album."""

from detectors.clustering.posts.posts import Addition, Posts, PostsState

__all__ = ["Addition", "Posts", "PostsState"]
