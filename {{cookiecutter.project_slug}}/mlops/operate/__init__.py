"""What acts on decisions: rolls out, promotes, monitors, and answers."""
