"""From hits to frames with every label: `frames(scene, tracer, wanted, picture)`."""

from understudy.scenes.labels.events import events, intervals
from understudy.scenes.labels.framing import Picture, frame, frames, label_frame
from understudy.scenes.labels.staging import Sight, Staging

__all__ = ["Picture", "Sight", "Staging", "events", "frame", "frames", "intervals", "label_frame"]
