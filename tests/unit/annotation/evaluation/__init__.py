"""Models and consensus, judged by gold."""
