"""A road network at another place."""

from __future__ import annotations

from dataclasses import replace

from understudy.scenes.roads.network import RoadNetwork
from understudy.scenes.roads.plan_view import PlanView


def moved(network: RoadNetwork, x: float, y: float) -> RoadNetwork:
    """The network moved by x, y m. Everything along roads moves with their reference lines."""
    roads = {
        key: replace(road, plan=PlanView(tuple(replace(piece, x=piece.x + x, y=piece.y + y) for piece in road.plan.pieces)))
        for key, road in network.roads.items()
    }
    return replace(network, roads=roads)
