"""What the panel is worth, and what to use."""
