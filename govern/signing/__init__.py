"""Who signs: keys and certificates, trust in them, and signatures inside a PDF."""
