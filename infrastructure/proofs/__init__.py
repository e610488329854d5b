"""Proving the log: its hash tree, checkpoints in other people's hands, and bundles that can be checked anywhere."""
