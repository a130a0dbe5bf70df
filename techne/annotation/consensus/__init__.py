"""Consensus methods: many votes, one posterior. A method is a file; `registry` lists them."""
