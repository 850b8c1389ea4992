"""What is learned from labelled rows, whatever it is about: fits, folds, calibration, files."""
