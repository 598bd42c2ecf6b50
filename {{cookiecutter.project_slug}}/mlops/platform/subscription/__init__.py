"""The subscription: what a template makes in it, through the user's own `az`, and how all of it is taken away again."""
