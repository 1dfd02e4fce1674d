"""What happens to services (サービス管理)."""
