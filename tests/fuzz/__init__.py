"""Inputs that nobody would send: whatever comes in is read, or refused in our own words; it never crashes and never hangs."""
