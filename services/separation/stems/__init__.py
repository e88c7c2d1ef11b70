"""The stems on their way out: which are sent, how they come out, what is counted of them."""
