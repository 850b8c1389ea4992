"""A file per metric."""
