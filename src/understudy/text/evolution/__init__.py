"""Private evolution: differentially private texts from a model that is not trained and never sees the private ones."""
