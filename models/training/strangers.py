"""Views of other subjects that are kept for a while: matching must not take their structure for this subject's."""

from __future__ import annotations

from collections import deque

import torch
from torch import Tensor

from matching import MAPS, Reference, Views, match_maps

MOST = 12  # views kept of every topic and grid
CHANCE = 0.3  # how often a view is matched with a stranger's


class Strangers:
    """The latest views of each topic, such as tumours in drawn heads, without gradients."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, int], deque[tuple[int, Reference]]] = {}

    @torch.no_grad()
    def maps(self, batch: dict[str, Tensor], views: Views) -> Tensor:
        """Match maps of every view by one of another subject that shows the same kind of structure, [2P,4,g,g]; 0 where
        there is none. Keeps the views of the batch."""
        grid, patches = views.grid, views.patches
        maps = torch.zeros(len(patches), MAPS, grid * grid, device=patches.device)
        for view in range(len(patches)):
            topic, who = int(batch["topic"][view // 2]), int(batch["who"][view // 2])
            if topic == 0:
                continue
            kept = self.kept.setdefault((topic, grid), deque(maxlen=MOST))
            others = [one for one in kept if one[0] != who]
            if others and torch.rand(()) < CHANCE:
                _, reference = others[int(torch.randint(len(others), ()))]
                maps[view] = match_maps(patches[view], [reference]) * views.valid[view]
            if views.cover[view].max() > 0.5:
                kept.append((who, views.reference(view)))
        return maps.reshape(-1, MAPS, grid, grid)
