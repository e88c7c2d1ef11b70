"""What every model family is bolted onto: its host, its calls, and how its models are found and loaded."""
