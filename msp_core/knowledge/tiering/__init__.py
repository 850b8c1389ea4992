"""Which documents are hot: moved by use, checked, and tried on paper."""
