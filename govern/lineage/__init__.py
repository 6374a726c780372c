"""From raw data to a registered version as one graph, each edge with what proves it and whether that holds now."""
