"""The shell for intruders: a simulation that runs nothing and reads no file of the container.

Its modules are imported where they are needed (`world`, `terminal`), because most visits end before that.
"""
