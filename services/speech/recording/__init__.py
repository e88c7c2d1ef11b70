"""A recording listened to window by window: where it is cut, where there is speech, and what of the text is made up."""
