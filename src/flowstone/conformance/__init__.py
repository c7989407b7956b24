"""Proof that engines agree: the same project run on each of them, and what they stored compared."""
