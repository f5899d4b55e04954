"""A deception network: decoy hosts on a real LAN, deployed and managed from one command line."""

__version__ = "0.2.0.dev0"
