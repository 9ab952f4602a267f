"""InfoAtlas inside other people's search for causal graphs: a test for causal-learn's PC."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas._checkpoint import load_model
from infoatlas._estimate import Model
from infoatlas.dependence.conditional_independence import conditional_independence_test
from infoatlas.dependence.independence import Evidence, independence_test

NAME = "infoatlas"


def causal_learn_test() -> str:
    """Make the tests of InfoAtlas known to causal-learn, and say under which name.

    Give the name to its searches as ``indep_test``, and the options of the tests as further
    keywords: ``n_permutations`` (199), ``evidence`` ("closed form", since a search asks often),
    ``nominal`` (numbers of the columns whose codes are names), ``model`` and ``random_state`` (0).

    Returns
    -------
    str
        "infoatlas".

    Raises
    ------
    ImportError
        Without causal-learn.

    Notes
    -----
    Without a condition the test is ``independence_test``, else ``conditional_independence_test``.
    Each p-value is computed once for a search, and depends on the data, the columns and
    ``random_state`` only, not on the order in which a search asks. The smallest p-value is
    1 / (1 + n_permutations), so ``alpha`` must not be below that. causal-learn's cache files
    (``cache_path``) are not offered: they do not keep the options that the values were made with.

    Examples
    --------
    >>> from infoatlas.causal import causal_learn_test
    >>> from causallearn.search.ConstraintBased.PC import pc  # doctest: +SKIP
    >>> found = pc(data, 0.05, causal_learn_test(), n_permutations=199)  # doctest: +SKIP
    """
    try:
        from causallearn.utils.cit import CIT_Base, register_ci_test
    except ImportError as error:
        raise ImportError(
            "causal_learn_test() needs causal-learn; install it with: "
            'pip install "infoatlas[causal]"'
        ) from error

    class InfoAtlas(CIT_Base):
        """What causal-learn makes once for each search, and then calls for each p-value."""

        def __init__(self, data: NDArray[Any], **options: Any) -> None:
            super().__init__(data)
            self.method = NAME  # causal-learn asks for it
            self._pvalue = CachedTest(data, **options)

        def __call__(self, X: int, Y: int, condition_set: Sequence[int] | None = None) -> float:
            return self._pvalue(X, Y, condition_set or ())

    register_ci_test(NAME, InfoAtlas)
    return NAME


class CachedTest:
    """P-values of pairs of columns given others, each computed once.

    Parameters
    ----------
    data : ndarray of shape (n_samples, n_features)
    n_permutations, evidence, model
        As for ``conditional_independence_test``.
    nominal : collection of int
        Columns whose codes are names.
    random_state : int
    """

    def __init__(
        self,
        data: NDArray[Any],
        *,
        n_permutations: int = 199,
        evidence: Evidence = "closed form",
        nominal: Collection[int] = (),
        model: Model = "default",
        random_state: int = 0,
    ) -> None:
        self._columns = [
            column.astype(str) if i in nominal else column for i, column in enumerate(data.T)
        ]
        self._options: dict[str, Any] = {
            "n_permutations": n_permutations,
            "evidence": evidence,
            "model": load_model(model) if evidence == "all" else model,
        }
        self._random_state = random_state
        self._found: dict[tuple[int, ...], float] = {}

    def __call__(self, x: int, y: int, given: Sequence[int]) -> float:
        """P-value of independence of columns x and y given some others."""
        key = (*sorted((int(x), int(y))), *sorted({int(i) for i in given}))
        if key not in self._found:
            self._found[key] = self._test(*key)
        return self._found[key]

    def _test(self, x: int, y: int, *given: int) -> float:
        seed = np.random.default_rng([self._random_state, x, y, *given])
        sides = self._columns[x], self._columns[y]
        if not given:
            return independence_test(*sides, random_state=seed, **self._options).pvalue
        z = {f"column {i}": self._columns[i] for i in given}
        return conditional_independence_test(*sides, z, random_state=seed, **self._options).pvalue
