"""What every learned network shares, whatever the kind of data: one training loop, and the objectives to train by. Needs torch."""
