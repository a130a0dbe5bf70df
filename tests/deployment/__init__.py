"""The whole of a deployment: PostgreSQL, a Prefect server with a login, AWS as moto serves it, workers."""
