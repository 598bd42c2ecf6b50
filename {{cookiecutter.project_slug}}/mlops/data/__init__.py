"""What lies on disk: tables and their rules, model folders, JSON; whole or not at all, and hashed."""
