"""Knowledge: articles and solved tickets, how they are cut, indexed, searched and ranked."""
