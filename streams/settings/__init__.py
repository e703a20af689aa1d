"""Settings: declare, load, check and print them."""
