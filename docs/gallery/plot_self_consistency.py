"""Self-consistency: does the estimator keep the laws of mutual information on these data?

Three laws, each a dot (what was found) beside a line (what the law expects) and its tolerance.
Heavy tails and few rows are the hard case.

python docs/gallery/plot_self_consistency.py self_consistency.png
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from infoatlas import self_consistency

rng = np.random.default_rng(0)
cases = {}
for n in (200, 2000):
    scale = np.sqrt(rng.chisquare(2, size=(n, 1)))
    x, e = rng.normal(size=(2, n, 2)) / scale  # bivariate Student-t with 2 degrees of freedom
    cases[f"Student-t, {n} rows"] = x, x + e

figure, axes = plt.subplots(1, 2, figsize=(10, 3.2), sharey=True, layout="constrained")
for axis, (title, (x, y)) in zip(axes, cases.items(), strict=True):
    report = self_consistency(x, y)
    print(f"{title}\n{report}\n")
    for place, check in enumerate(report.checks):
        color = "C0" if check.holds else "C3"
        axis.errorbar(check.expected, place, xerr=check.tolerance, color="0.6", capsize=4)
        axis.plot(check.found, place, "o", color=color)
    axis.set(title=title, xlabel="mutual information (nats)", yticks=range(len(report.checks)))
    axis.set_yticklabels([check.law for check in report.checks])
axes[0].invert_yaxis()
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "self_consistency.png", dpi=110)
