"""Tests against real servers: Prefect, moto, and providers' protocols on loopback."""
