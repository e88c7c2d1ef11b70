"""What every Whisper engine shares: the model as the family knows it, what primes it, and words of its tokens."""
