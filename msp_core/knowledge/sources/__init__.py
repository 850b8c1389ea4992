"""Where documents come from: files of a folder or a bucket, and who may see them."""
