"""Road networks: what OpenDRIVE can say, own procedural ones, and the files that traffic simulators and planners exchange."""
