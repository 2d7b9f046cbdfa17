"""Views of other subjects that are kept for a while: matching must not take their structure for this subject's."""

from __future__ import annotations

from collections import deque

import torch
import torch.nn.functional as F
from torch import Tensor

from matching import MAPS, match_maps

MOST = 12  # views kept of every topic and grid
CHANCE = 0.3  # how often a view is matched with a stranger's


class Strangers:
    """The latest views of each topic, such as tumours in drawn heads, without gradients."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, int], deque[tuple[int, Tensor, Tensor, Tensor]]] = {}

    @torch.no_grad()
    def maps(self, batch: dict[str, Tensor], unit: Tensor, valid: Tensor) -> Tensor:
        """Match maps of every view by one of another subject that shows the same kind of structure, [2P,4,g,g]; 0 where
        there is none. Keeps the views of the batch. unit [2P,C,g,g] are patches of norm 1, valid [2P,1,g,g]."""
        grid = unit.shape[3]
        patches = unit.float().flatten(2).transpose(1, 2)
        cover, open_cells = F.avg_pool2d(batch["masks"], 2).flatten(1), valid.flatten(1)
        maps = torch.zeros(len(patches), MAPS, grid * grid, device=unit.device)
        for view in range(len(patches)):
            topic, who = int(batch["topic"][view // 2]), int(batch["who"][view // 2])
            if topic == 0:
                continue
            kept = self.kept.setdefault((topic, grid), deque(maxlen=MOST))
            others = [one for one in kept if one[0] != who]
            if others and torch.rand(()) < CHANCE:
                _, *reference = others[int(torch.randint(len(others), ()))]
                maps[view] = match_maps(patches[view], [tuple(reference)]) * open_cells[view]
            if cover[view].max() > 0.5:
                kept.append((who, patches[view].detach(), cover[view], open_cells[view]))
        return maps.reshape(-1, MAPS, grid, grid)
