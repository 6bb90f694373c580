"""A dashboard that fills while a model writes it: its page, its server, and a model."""
