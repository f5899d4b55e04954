"""Package managers: dpkg and apt over the packages of the machine."""
