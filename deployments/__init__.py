"""What a deployment needs on its Prefect server before flows run, made by commands that can be repeated."""
