"""One pass over data: files to tables, tables to validated scores and groups."""
