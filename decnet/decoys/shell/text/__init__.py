"""Text tools of the shell, one module by kind; each has its COMMANDS."""
