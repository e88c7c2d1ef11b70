"""What every engine shares: the questions, the facts they may rest on, and the answers held against them."""
