"""One turn: guard, route, agent with tools, approval, verified answer; as a stream of events."""
