"""What is deployed on AWS, built here."""
