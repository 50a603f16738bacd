"""Real processes killed, starved and cut off: what was accepted is done once, whatever happens."""
