"""The documentation under test: links, examples, commands, decisions."""
