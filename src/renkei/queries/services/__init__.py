"""What is looked at of services (サービス管理)."""
