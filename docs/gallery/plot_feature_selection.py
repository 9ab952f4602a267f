"""Feature selection where single scores fail: XOR among noise, and copies of one feature.

Scores of single features (scikit-learn's and ours) see nothing of an XOR; the joint search that
starts from pairs finds both of its features. Of features that are copies of each other, the joint
criterion takes one, and then what is new.

python docs/gallery/plot_feature_selection.py feature_selection.png
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_selection import mutual_info_classif as scikit_learn_scores

from infoatlas.feature_selection import MutualInformationSelector, mutual_info_classif

rng = np.random.default_rng(0)
n = 500
xor = rng.normal(size=(n, 6))
xor_target = (xor[:, 1] > 0) ^ (xor[:, 4] > 0)
main, other = rng.normal(size=(2, n))
copies = np.column_stack([main + 0.1 * rng.normal(size=n) for _ in range(4)] + [other] * 1)
copies = np.column_stack([copies, rng.normal(size=n)])
copies_target = main + 0.5 * other > 0
cases = {
    "XOR of features 1 and 4": (xor, xor_target, {1, 4}, {"start": "pair"}),
    "features 0 to 3 are copies, 4 adds": (copies, copies_target, {4}, {"criterion": "mrmr"}),
}

figure, axes = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained")
for axis, (title, (X, target, wanted, options)) in zip(axes, cases.items(), strict=True):
    selector = MutualInformationSelector(2, **options).fit(X, target)
    chosen = np.flatnonzero(selector.get_support())
    print(f"{title}: chosen {chosen.tolist()}, found {sorted(wanted & set(chosen.tolist()))}")
    places = np.arange(X.shape[1])
    axis.bar(
        places - 0.2, scikit_learn_scores(X, target, random_state=0), 0.4, label="scikit-learn"
    )
    axis.bar(places + 0.2, mutual_info_classif(X, target, random_state=0), 0.4, label="infoatlas")
    for place in chosen:
        axis.axvspan(place - 0.45, place + 0.45, color="C2", alpha=0.2, zorder=0)
    axis.set(title=f"{title}\n(green: chosen together)", xlabel="feature", xticks=places)
axes[0].set_ylabel("score of a single feature (nats)")
axes[0].legend()
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "feature_selection.png", dpi=110)
