"""Topologies as designs: generated, checked, compared, changed and drawn. No I/O, no clock."""
