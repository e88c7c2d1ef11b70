"""The generation family: text, and audio to continue or to follow, in; music out while it is made."""
