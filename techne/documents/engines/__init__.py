"""The ways of making a document: language models, or rules and sentence ranking."""
