"""A rehearsal of rollouts and faults: replicas in network namespaces of their own, and analyses that must not be lost.

``python -m tools.rehearsal`` runs the gateway, replicas of the family essentia, a name server and callers as hosts of a
small network of their own, and lets the replicas die, drain, hang and move while they work. All is the real thing, the
SDK, the gateway, the chassis' servers and worker processes, but for the engine, which does nothing for a given time
(``engine.py``). Every analysis must be answered rightly, whatever happens, unless the caller's own time runs out.

The network, its names, the processes and their files are in namespaces that go with this process, however it ends.
"""
