"""Refinement: what gradient steps on the written critic are worth on rows that took no part.

Each pair is estimated zero-shot, then its critic takes 20 gradient steps on four fifths of the
rows; the rest decides which step is kept. Where the zero-shot critic is already good, none is.

python docs/gallery/plot_refine.py refine.png
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from infoatlas import mutual_information

rng = np.random.default_rng(0)
n = 2000
x, e = rng.normal(size=(2, n, 3))
radius = (x**2).sum(axis=1)
turned = x.copy()
turned[:, 0] = np.cos(radius) * x[:, 0] - np.sin(radius) * x[:, 1]
turned[:, 1] = np.sin(radius) * x[:, 0] + np.cos(radius) * x[:, 1]
pairs = {
    "Gaussian": x + e,
    "sine": np.sin(3 * x[:, :1]) + 0.3 * e[:, :1],
    "sign product": x[:, :1] * x[:, 1:2] + 0.3 * e[:, :1],
    "turned by radius": turned + 0.5 * e,
}

figure, axis = plt.subplots(figsize=(6, 3.2), layout="constrained")
for place, (title, y) in enumerate(pairs.items()):
    kept = mutual_information(x, y, refine=20).refinement
    print(f"{title}: {kept.zero_shot:.3f} as written, {kept.held_out:.3f} after step {kept.step}")
    axis.annotate(
        "", (kept.held_out, place), (kept.zero_shot, place), arrowprops={"arrowstyle": "->"}
    )
    axis.plot(kept.zero_shot, place, "o", color="C0", label="as written" if not place else None)
    axis.plot(kept.held_out, place, "o", color="C1", mfc="none", label=None if place else "kept")
axis.set(xlabel="held-out Donsker-Varadhan value (nats)", yticks=range(len(pairs)))
axis.set_yticklabels(pairs)
axis.legend()
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "refine.png", dpi=110)
