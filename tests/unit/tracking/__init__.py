"""Unit tests of tracking, and the contract that every table keeps."""
