"""Edges to heavy libraries. Each is imported only where it is used."""
