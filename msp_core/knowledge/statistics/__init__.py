"""Lexical statistics of the whole corpus, by which any two indexes score alike."""
