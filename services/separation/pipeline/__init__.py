"""The way of every mix through this family: choose, load, plan, separate, send, sum up."""
