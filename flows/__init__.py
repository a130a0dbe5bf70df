"""Flows: where and how the core runs. One file a flow."""
