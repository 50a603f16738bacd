"""Ways in: hosts that speak pluggy, HTTP, the command line."""
