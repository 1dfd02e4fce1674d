"""The hot path: async actions on an open psycopg connection with prepared statements."""
