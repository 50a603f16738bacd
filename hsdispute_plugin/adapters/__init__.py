"""One file per host platform: its field names, its codes, its quirks."""
