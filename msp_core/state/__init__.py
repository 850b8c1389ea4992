"""The state folder as a whole: its files, their backup and their restore."""
