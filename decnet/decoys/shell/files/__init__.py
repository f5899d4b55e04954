"""Commands about files and folders, as GNU's coreutils print them."""
