"""Transcripts: read in any format, cleaned, chunked and counted in tokens."""
