"""Traffic without pixels: drivers and walkers, flows on lanes, named dangerous scenarios, safety figures, search for rare events.

drivers walkers            how single agents move            lanes flow            many of them on a road network
scenarios/                 the catalogue                     safety boxes          TTC, PET, DRAC of pairs of agents
search/ coverage           rare events; what was seen        trajectories          what all of them give back
"""
