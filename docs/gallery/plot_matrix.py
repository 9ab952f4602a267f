"""Pairwise mutual information of a table beside its correlations, and as a graph.

The wine data of scikit-learn, with two columns added: the square of one, and noise. Correlation
misses the square, mutual information finds it, and the noise stays alone.

python docs/gallery/plot_matrix.py matrix.png
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_wine

from infoatlas import pairwise_mutual_information

wine = load_wine()
rng = np.random.default_rng(0)
alcohol = (wine.data[:, 0] - wine.data[:, 0].mean()) / wine.data[:, 0].std()
table = dict(zip(wine.feature_names[:7], wine.data[:, :7].T, strict=True))
table["alcohol squared"] = alcohol**2 + 0.2 * rng.normal(size=len(alcohol))
table["noise"] = rng.normal(size=len(alcohol))

result = pairwise_mutual_information(table)
names = list(table)
correlations = np.corrcoef(np.array(list(table.values())))
pair = names.index("alcohol"), names.index("alcohol squared")
print(
    f"alcohol and its square: correlation {correlations[pair]:.2f}, mi {result.mi[pair]:.2f} nats"
)

figure, axes = plt.subplots(1, 3, figsize=(15, 4.6), layout="constrained")
image = axes[0].imshow(np.abs(correlations), vmin=0, vmax=1, cmap="viridis")
axes[0].set(title="absolute correlation", xticks=range(len(names)), yticks=range(len(names)))
axes[0].set_xticklabels(names, rotation=90)
axes[0].set_yticklabels(names)
figure.colorbar(image, ax=axes[0], shrink=0.8)
result.heatmap(values="normalised", axes=axes[1])
axes[1].set_title("mutual information, 0 to 1")
result.graph(threshold=0.4, axes=axes[2])
axes[2].set_title("pairs above 0.4")
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "matrix.png", dpi=90)
