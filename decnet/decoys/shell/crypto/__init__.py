"""openssl and ssh-keygen."""
