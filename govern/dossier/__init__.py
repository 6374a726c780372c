"""The signed PDF made from evidence by a template."""
