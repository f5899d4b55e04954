"""Commands about the network. They show it, and fail as on a network that drops what leaves the machine."""
