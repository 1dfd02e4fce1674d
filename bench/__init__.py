"""Benchmarks: each beside its yardstick in the same run. They print, they never fail a build."""
