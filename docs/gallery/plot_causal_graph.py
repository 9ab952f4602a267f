"""PC with two tests on one data set: five columns, two colliders, edges that are curves.

Three of the four edges are even functions, so their ends are not correlated. PC with Fisher's z,
which reads partial correlations, loses these; PC with InfoAtlas's tests keeps them and turns the
arrows. This is one draw; ten others are in docs/conditional.md. Needs the extras causal and plots.

python docs/gallery/plot_causal_graph.py causal_graph.png
"""

import sys

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
from causallearn.graph.SHD import SHD
from causallearn.search.ConstraintBased.PC import pc

from infoatlas.causal import causal_learn_test

rng = np.random.default_rng(0)
a, b, d, of_c, of_e = rng.normal(size=(5, 400))
c = a**2 + 2 * np.abs(b) - 2.6 + 0.7 * of_c
e = 2 * np.tanh(c) + 2 * np.abs(d) + 0.7 * of_e
data = np.column_stack([a, b, c, d, e])

# what PC would find if every test were right: here, every arrow of the graph
arrows = nx.DiGraph([(0, 2), (1, 2), (2, 4), (3, 4)])
graphs = {
    "true": pc(data, indep_test="d_separation", true_dag=arrows, show_progress=False).G,
    "InfoAtlas": pc(data, 0.02, causal_learn_test(), show_progress=False).G,
    "Fisher's z": pc(data, 0.02, "fisherz", show_progress=False).G,
}

places = {0: (0, 2), 1: (2, 2), 2: (1, 1), 3: (3, 1), 4: (2, 0)}
figure, axes = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
for axis, (name, graph) in zip(axes, graphs.items(), strict=True):
    wrong = SHD(graphs["true"], graph).get_shd()
    print(f"{name}: {wrong} wrong edges")
    # causal-learn: graph[j, i] = 1 and graph[i, j] = -1 is i -> j; -1 and -1 is i - j
    ends = graph.graph
    pairs = [(i, j) for i in range(5) for j in range(5) if ends[i, j] == -1]
    arrowed = [(i, j) for i, j in pairs if ends[j, i] == 1]
    plain = [(i, j) for i, j in pairs if ends[j, i] == -1 and i < j]
    drawn = nx.DiGraph(arrowed + plain)
    drawn.add_nodes_from(places)
    style = {"node_color": "lightgrey", "node_size": 600, "ax": axis}
    nx.draw_networkx_nodes(drawn, places, **style)
    nx.draw_networkx_labels(drawn, places, dict(enumerate("abcde")), ax=axis)
    nx.draw_networkx_edges(drawn, places, arrowed, node_size=600, width=2, ax=axis)
    nx.draw_networkx_edges(drawn, places, plain, arrowstyle="-", node_size=600, width=2, ax=axis)
    axis.set(title=f"{name}: {wrong} wrong" if name != "true" else name)
    axis.margins(0.2)
    axis.axis("off")
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "causal_graph.png", dpi=90)
