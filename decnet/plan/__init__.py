"""Deciding: pure functions from what is wanted, known and seen to what to do. No I/O, clock or dice."""
