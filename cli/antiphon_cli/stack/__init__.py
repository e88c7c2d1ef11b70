"""Keeps the services of one machine running: start, watch, restart, stop."""
