"""One small script per command, in the order in which a model meets them."""
