"""Assembly and sanitising."""
