"""Independence test: four pairs without correlation, and where each one stands in its null.

The histogram holds the statistic of 199 permutations, the line that of the rows as they are. The
first pair is independent; the distributions of the others have correlation 0, and they are found.

python docs/gallery/plot_independence.py independence.png
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from infoatlas import independence_test

rng = np.random.default_rng(0)
n = 100
x, e = rng.normal(size=(2, n))
angle = rng.uniform(0, 2 * np.pi, size=n)
pairs = {
    "independent": (x, e),
    "y = x²/2 + noise": (x, x**2 / 2 + 0.7 * e),
    "y = x · noise": (x, x * e),
    "ring": (np.cos(angle) + 0.2 * x, np.sin(angle) + 0.2 * e),
}
figure, axes = plt.subplots(2, 4, figsize=(11, 4.6), layout="constrained")
for (above, below), (title, (a, b)) in zip(axes.T, pairs.items(), strict=True):
    result = independence_test(a, b)
    print(f"{title}: p = {result.pvalue:.3f}, {result.mi:.2f} nats")
    above.plot(a, b, ".", markersize=4)
    above.set(title=title, xlabel="x", ylabel="y")
    below.hist(result.null_distribution, bins=25, color="lightgrey", edgecolor="grey")
    below.axvline(result.statistic, color="C3")
    below.set(title=f"p = {result.pvalue:.3f}", xlabel="statistic", ylabel="permutations")
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "independence.png", dpi=150)
