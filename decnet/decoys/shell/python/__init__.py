"""`python3`: what visitors write in it is parsed to a tree and walked, within bounds.

Nothing of a visitor is compiled or run by the interpreter of the decoy: values are plain ones of a few types
with a list of allowed methods, and what reaches beyond them (files, programs, sockets) is the shell's own.
"""
