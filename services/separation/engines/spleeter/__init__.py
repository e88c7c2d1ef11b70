"""Spleeter: ``network`` is its U-Net, ``overlap_add`` joins what it masks, ``engine`` is all of it together."""
