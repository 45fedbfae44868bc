"""A small detector that trains on a CPU in minutes: objects as points on a map an eighth of the picture's size.

After Zhou, Wang and Krähenbühl, "Objects as Points" (2019): for each class a map that is 1 at the middles of objects and falls off around
them, learned with the focal loss of Law and Deng (2018), and at each middle the box's size and the middle's place in its cell. It is a
yardstick for training sets, not a detector to use.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from understudy.neural.training import Task

STRIDE = 8
WIDTHS = (24, 48, 96)
NO_OBJECT = -1.0
_MOST = 100
_OVERLAP = 0.6


class _Residual(nn.Module):
    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation), nn.GroupNorm(8, width), nn.SiLU(),
            nn.Conv2d(width, width, 1), nn.GroupNorm(8, width),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return functional.silu(x + self.body(x))


def trunk() -> nn.Sequential:
    """Pictures to maps of an eighth of their width and height."""
    layers: list[nn.Module] = []
    before = 3
    for width in WIDTHS:
        layers += [nn.Conv2d(before, width, 3, stride=2, padding=1), nn.GroupNorm(8, width), nn.SiLU()]
        before = width
    return nn.Sequential(*layers, *(_Residual(before, dilation) for dilation in (1, 2, 4)))


class Detector(nn.Module):
    """(B, 3, H, W) of 0 .. 1 to (B, classes + 4, H / 8, W / 8): logits of middles, log width and height in cells, place in the cell."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.trunk = trunk()
        self.head = nn.Conv2d(WIDTHS[-1], classes + 4, 1)
        nn.init.constant_(self.head.bias[:classes], -math.log(99.0))  # type: ignore[index]

    def forward(self, pictures: Tensor) -> Tensor:
        out: Tensor = self.head(self.trunk(pictures * 2 - 1))
        return out


def varied(pictures: Tensor) -> Tensor:
    """uint8 to 0 .. 1, with another brightness, contrast and saturation for each picture."""
    shown = pictures.float() / 255
    draw = torch.rand(3, len(shown), 1, 1, 1, device=shown.device)
    grey = shown.mean(dim=1, keepdim=True)
    shown = grey + (shown - grey) * (0.7 + 0.6 * draw[0])
    middle = shown.mean(dim=(1, 2, 3), keepdim=True)
    return ((shown - middle) * (0.7 + 0.6 * draw[1]) + middle + 0.3 * (draw[2] - 0.5)).clamp(0, 1)


class DetectionTask(Task):
    """Batches are pictures (B, 3, H, W) uint8 and boxes (B, K, 5): class or `NO_OBJECT`, then x0, y0, x1, y1 of 0 .. 1."""

    def __init__(self, network: Detector, device: torch.device) -> None:
        self.players = {"detector": network}
        self.network = network
        self.device = device

    def loss(self, player: str, batch: list[Tensor]) -> Tensor:
        pictures, boxes = _mirrored(varied(batch[0]), batch[1])
        out = self.network(pictures)
        heat, cells, sizes, offsets, there = targets(boxes, self.network.classes, out.shape[2], out.shape[3])
        logits = out[:, : self.network.classes]
        chosen = out[:, self.network.classes :].flatten(2).gather(2, cells[:, None].expand(-1, 4, -1))
        wrong = (chosen - torch.cat([sizes, offsets], dim=1)).abs() * there[:, None]
        total: Tensor = _focal(logits, heat) + wrong.sum() / there.sum().clamp(min=1)
        return total


def _mirrored(pictures: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Half of the pictures with left and right exchanged."""
    turned = torch.rand(len(pictures), device=pictures.device) < 0.5
    pictures = torch.where(turned[:, None, None, None], pictures.flip(3), pictures)
    mirrored = torch.stack([boxes[..., 0], 1 - boxes[..., 3], boxes[..., 2], 1 - boxes[..., 1], boxes[..., 4]], dim=-1)
    return pictures, torch.where(turned[:, None, None], mirrored, boxes)


def targets(boxes: Tensor, classes: int, height: int, width: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """What is to be learned: maps (B, classes, H, W); for each box its cell, its log size in cells (B, 2, K), its middle's place in the
    cell (B, 2, K), and whether it is one."""
    kind, there = boxes[..., 0], boxes[..., 0] >= 0
    scale = torch.tensor([width, height], dtype=boxes.dtype, device=boxes.device)
    middle = (boxes[..., 1:3] + boxes[..., 3:5]) / 2 * scale
    size = ((boxes[..., 3:5] - boxes[..., 1:3]) * scale).clamp(min=0.1)
    cell = torch.minimum(middle.floor().clamp(min=0), scale - 1)
    y = torch.arange(height, device=boxes.device)[:, None] - cell[..., 1, None, None]
    x = torch.arange(width, device=boxes.device)[None, :] - cell[..., 0, None, None]
    spread = (size / 6).clamp(min=0.4)
    bumps = torch.exp(-(y**2) / (2 * spread[..., 1, None, None] ** 2) - x**2 / (2 * spread[..., 0, None, None] ** 2))
    maps = [torch.where((kind == number)[..., None, None], bumps, 0.0).amax(dim=1) for number in range(classes)]
    index = (cell[..., 1] * width + cell[..., 0]).long()
    return torch.stack(maps, dim=1), index, size.log().transpose(1, 2), (middle - cell).transpose(1, 2), there.float()


def _focal(logits: Tensor, heat: Tensor) -> Tensor:
    peak = (heat >= 1.0).float()
    share = torch.sigmoid(logits)
    found = (1 - share) ** 2 * functional.logsigmoid(logits) * peak
    empty = (1 - heat) ** 4 * share**2 * functional.logsigmoid(-logits) * (1 - peak)
    wrong: Tensor = -(found + empty).sum() / peak.sum().clamp(min=1)
    return wrong


def detect(network: Detector, pictures: NDArray[np.uint8], device: torch.device) -> list[dict[int, tuple[Any, Any]]]:
    """For each picture and class the boxes (N, 4) of 0 .. 1 and their scores."""
    found: list[dict[int, tuple[Any, Any]]] = []
    network.eval()
    with torch.no_grad():
        for start in range(0, len(pictures), 16):
            batch = torch.from_numpy(pictures[start : start + 16]).to(device).float() / 255
            out = network(batch).cpu()
            found += [_decoded(maps, network.classes) for maps in out]
    return found


def _decoded(maps: Tensor, classes: int) -> dict[int, tuple[Any, Any]]:
    _, height, width = maps.shape
    heat = torch.sigmoid(maps[:classes])
    peaks = heat * (functional.max_pool2d(heat[None], 3, stride=1, padding=1)[0] == heat)
    found = {}
    for number in range(classes):
        score, cell = peaks[number].flatten().topk(min(_MOST, height * width))
        score, cell = score[score > 0.01], cell[score > 0.01]
        shape = maps[classes:].flatten(1)[:, cell]
        middle = torch.stack([cell % width, cell // width]) + shape[2:]
        half = shape[:2].clamp(max=6).exp() / 2
        scale = torch.tensor([width, height, width, height])[:, None]
        boxes = (torch.cat([middle - half, middle + half]) / scale).T.double().numpy().clip(0, 1)
        found[number] = _thinned(boxes, score.double().numpy())
    return found


def _thinned(boxes: NDArray[np.float64], scores: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Without those that a surer one of the class overlaps by more than `_OVERLAP`."""
    from understudy.evaluate.pictures.average_precision import overlaps

    covered = overlaps(boxes, boxes) > _OVERLAP
    kept = np.ones(len(boxes), dtype=np.bool_)
    for place in range(len(boxes)):  # the surest first
        if kept[place]:
            kept[place + 1 :] &= ~covered[place, place + 1 :]
    return boxes[kept], scores[kept]
