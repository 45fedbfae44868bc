"""Sensors that are no cameras: lidar, radar, satellite navigation and inertial measurement."""

from understudy.scenes.sensors.air import Air
from understudy.scenes.sensors.lidar import Lidar, spinning
from understudy.scenes.sensors.navigation import Gnss, Imu
from understudy.scenes.sensors.radar import Radar

__all__ = ["Air", "Gnss", "Imu", "Lidar", "Radar", "spinning"]
