"""Clauses of law and guidance, and what evidence, declared facts and signatures say of each."""
