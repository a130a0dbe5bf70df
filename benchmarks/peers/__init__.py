"""Other clients under the benchmarks' load, each run by the Python of an environment of its own."""
