"""Offline evaluation: gold conversations, measures with definitions, one table."""
