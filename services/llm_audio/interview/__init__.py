"""How a model is questioned: the prompts, the facts they may rest on, and the answers held against them."""
