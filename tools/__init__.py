"""Programs that write files of the project from its code."""
