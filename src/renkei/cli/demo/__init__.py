"""The demonstration: a sample office with sixty days of history."""
