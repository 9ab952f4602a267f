"""Max-sliced mutual information: finding the one direction of fifty that matters.

y depends on the square of one direction of x, so no column of x is correlated with it. Random
slices see next to nothing; the search finds the direction, and the value is read from rows that
took no part in the search. For an independent y it finds nothing.

python docs/gallery/plot_max_sliced.py max_sliced.png
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from infoatlas import max_sliced_mutual_information, sliced_mutual_information

rng = np.random.default_rng(0)
x = rng.normal(size=(1000, 50))
direction = np.zeros(50)
direction[[7, 21]] = 0.8, 0.6
hidden = x @ direction
y = (hidden**2 + 0.3 * rng.normal(size=1000))[:, None]
cases = {"y depends on a direction of x": y, "y is independent": rng.permutation(y)}

figure, axes = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
results = []
for axis, (title, other) in zip(axes, cases.items(), strict=False):
    random = sliced_mutual_information(x, other, k=1, n_projections=64)
    found = max_sliced_mutual_information(x, other, n_steps=20)
    print(f"{title}: random slices {random.mi:.3f}, best slice {found.mi:.3f} ± {found.stderr:.3f}")
    results.append(found)
    axis.hist(random.values, bins=20, color="0.7", label="64 random slices")
    axis.axvline(found.mi, color="C3", label="best slice, other rows")
    axis.set(title=title, xlabel="mutual information (nats)", xlim=(-0.02, 1.3))
axes[0].legend()
best = results[0]
cosine = abs(best.projection_x[:, 0] @ direction)
axes[2].plot(x @ best.projection_x[:, 0], y[:, 0], ".", markersize=2)
axes[2].set(title=f"what it found (cosine {cosine:.2f})", xlabel="best direction of x", ylabel="y")
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "max_sliced.png", dpi=110)
