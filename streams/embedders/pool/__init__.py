"""Run the embedder in separate processes, supervised and restarted by a pool."""
