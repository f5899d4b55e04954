"""Programs of servers and their clients on the machine where the servers run."""
