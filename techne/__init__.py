"""techne: recorded technical training becomes grounded documents, labels and training data.

The core package. It knows nothing of Prefect: flows and tasks call it, never the other way.
"""
