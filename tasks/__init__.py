"""Prefect tasks: retries, caching, tags and artifacts around the core; no domain logic."""
