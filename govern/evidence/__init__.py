"""What a gate run leaves behind: a signed, content-addressed bundle, and an entry in a Merkle log."""
