"""The decoys' shell compared with real systems: Debian 12, Ubuntu 22.04 and BusyBox."""
