"""What a worker may do beyond computing, held by the kernel: Landlock for files, ports and signals, seccomp for calls.

Nothing here is imported but by the two ends of a worker process, and nothing here needs a library: the process must be
small, and have one thread, when it gives up what it does not need.
"""
