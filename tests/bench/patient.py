"""decnet with a longer time limit for connections: one sshd here stands for a thousand machines, and
takes as long for their greetings as no machine would for its own."""

from decnet.worker import connect

connect.CONNECT_LIMIT = 120.0

if __name__ == "__main__":
    from decnet.cli import main

    main()
