"""Pages of docs/ that are made from what they describe: the contracts, the features of essentia, the settings."""
