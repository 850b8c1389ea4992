"""The generated part of each data set's README: counts, agreement, hardness."""
