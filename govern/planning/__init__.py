"""Before a study: how many patients and events each criterion of a policy needs to be decidable."""
