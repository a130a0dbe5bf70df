"""Tests of Prefect blocks, without a server."""
