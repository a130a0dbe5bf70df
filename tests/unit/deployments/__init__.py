"""Tests of what a deployment is made of: its infrastructure, and what its Prefect server has."""
