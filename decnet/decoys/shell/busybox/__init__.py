"""BusyBox: which applets a device has, and how they put their usage and their errors."""
