"""What model calls cost, who is charged, and how much may still be spent today."""
