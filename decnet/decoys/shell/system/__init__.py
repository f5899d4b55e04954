# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Commands about the machine: its processes, users, hardware, services and settings."""
