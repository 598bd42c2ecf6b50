"""The demo: a generated project taken round its whole loop on real data, in one command."""
