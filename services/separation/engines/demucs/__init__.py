"""Demucs, HDemucs and HTDemucs, alone or several to a bag, over a stream of any length.

``weights`` reads a model's files, ``bag`` says which of its networks have a part in which stem, ``overlap_add`` cuts
the mix and joins the answers, ``crew`` keeps the passes of all networks in step, ``backends`` chooses between
``torch_backend`` and ``openvino_backend``, which compute, and ``engine`` is all of it together.
"""
