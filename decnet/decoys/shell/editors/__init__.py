"""Editors that fill the terminal: vi and nano."""
