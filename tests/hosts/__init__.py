"""Real hosts for tests and the demo, each started fresh on loopback."""
