"""Figures of docs/benchmarks.md, each by one command."""
