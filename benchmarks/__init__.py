"""Measurements of claims of speed, and the servers they measure against."""
