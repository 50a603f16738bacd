"""The main job shown on a real host: `make demo`."""
