"""Run an embedder in other processes, so that the event loop never waits for the model."""
