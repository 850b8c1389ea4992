"""The Ticket API: a Lambda handler, and a server that runs the very same handler locally."""
