"""The programs inside service containers: `python3 -m decoys SERVICE`, one process per service.

Only relative imports and the packages of the decoy image: the rest of decnet is not in the image.
"""
