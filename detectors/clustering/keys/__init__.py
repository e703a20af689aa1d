"""Find what messages share apart from their words: addresses, pictures and numbers; and texts that share none."""
