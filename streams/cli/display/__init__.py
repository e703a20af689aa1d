"""Print results for people: tables, alerts, summaries and progress."""
