"""What may go into a model and what may come out of it."""
