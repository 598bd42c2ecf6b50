"""Where a model is wrong and why it answers so: a file a question. Nothing here decides; the gate does."""
