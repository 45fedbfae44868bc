"""A small classifier that trains on a CPU in minutes: the detector's trunk, means over the picture, one layer."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from understudy.evaluate.pictures.detector import WIDTHS, trunk, varied
from understudy.neural.training import Task


class Classifier(nn.Module):
    """(B, 3, H, W) of 0 .. 1 to (B, classes) logits."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.trunk = trunk()
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(2 * WIDTHS[-1], classes))

    def forward(self, pictures: Tensor) -> Tensor:
        maps = self.trunk(pictures * 2 - 1)
        out: Tensor = self.head(torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1))
        return out


class ClassificationTask(Task):
    """Batches are pictures (B, 3, H, W) uint8 and classes (B,). weights: of the classes, so that rare ones count as much."""

    def __init__(self, network: Classifier, weights: Tensor, device: torch.device, *, mirror: bool) -> None:
        self.players = {"classifier": network}
        self.network = network
        self.device = device
        self.weights = weights.to(device)
        self.mirror = mirror

    def loss(self, player: str, batch: list[Tensor]) -> Tensor:
        pictures = varied(batch[0])
        turned = (torch.rand(len(pictures), device=pictures.device) < 0.5) & self.mirror
        pictures = torch.where(turned[:, None, None, None], pictures.flip(3), pictures)
        return functional.cross_entropy(self.network(_moved(pictures)), batch[1], self.weights, label_smoothing=0.05)


def _moved(pictures: Tensor) -> Tensor:
    """All pictures of the batch shifted by up to an eighth of their size, what comes in taken from the edge."""
    reach = max(1, min(pictures.shape[2:]) // 8)
    down, right = (int(torch.randint(0, 2 * reach + 1, ())) for _ in range(2))
    padded = functional.pad(pictures, (reach, reach, reach, reach), mode="replicate")
    return padded[:, :, down : down + pictures.shape[2], right : right + pictures.shape[3]]


def classify(network: Classifier, pictures: NDArray[np.uint8], device: torch.device) -> NDArray[np.int64]:
    """The class of each picture."""
    network.eval()
    found = []
    with torch.no_grad():
        for start in range(0, len(pictures), 32):
            batch = torch.from_numpy(pictures[start : start + 32]).to(device).float() / 255
            found.append(network(batch).argmax(dim=1).cpu().numpy())
    return np.concatenate(found).astype(np.int64)
