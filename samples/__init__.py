"""Sample recordings, and the builder that makes them from their scripts."""
