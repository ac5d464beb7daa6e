"""Retrieval stacks to measure side by side; each file runs in an environment of its own."""
