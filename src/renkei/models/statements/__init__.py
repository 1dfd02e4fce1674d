"""Prepared SQL of the hot path: constants with named parameters, one file a subject. A test prepares each."""
