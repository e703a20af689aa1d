"""Measure how similar two texts are: sketches, embeddings, variants and templates."""
