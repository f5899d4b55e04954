"""`perl`: the one-liners and short scripts that visitors write, parsed to a tree and walked within bounds."""
