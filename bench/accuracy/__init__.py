"""How often tempo and key are right, ours beside every single estimator, on sets made on the spot."""
