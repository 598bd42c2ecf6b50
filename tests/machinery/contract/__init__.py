"""What every platform owes: one suite for all that stand behind `mlops.platform`, Azure ML among them."""
