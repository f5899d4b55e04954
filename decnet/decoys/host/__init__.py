"""The machine that all services of a decky show: files, users, processes, sockets, packages, logs.

Everything is generated from the release and from the seed that the services share, or read from the network
namespace in which they run. Nothing here belongs to one service or one visitor.
"""
