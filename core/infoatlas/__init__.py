"""Zero-shot mutual information: one pretrained network, any two samples, one forward pass."""

from infoatlas._checkpoint import load_model
from infoatlas._differentiable import differentiable_mutual_information
from infoatlas._estimate import (
    gaussian_mutual_information,
    mutual_information,
    mutual_information_batch,
)
from infoatlas._estimator import MutualInformation
from infoatlas._result import ConfidenceInterval, MIResult, Refinement
from infoatlas.dependence._matrix_result import PairwiseMutualInformation
from infoatlas.dependence.conditional import (
    ChainTerms,
    ConditionalMIResult,
    conditional_mutual_information,
)
from infoatlas.dependence.conditional_independence import conditional_independence_test
from infoatlas.dependence.consistency import LawCheck, SelfConsistency, self_consistency
from infoatlas.dependence.independence import IndependenceTestResult, independence_test
from infoatlas.dependence.matrix import pairwise_mutual_information
from infoatlas.dependence.max_sliced import MaxSlicedMIResult, max_sliced_mutual_information
from infoatlas.dependence.sliced import SlicedMIResult, sliced_mutual_information

__version__ = "0.1.0"

__all__ = [
    "ChainTerms",
    "ConditionalMIResult",
    "ConfidenceInterval",
    "IndependenceTestResult",
    "LawCheck",
    "MIResult",
    "MaxSlicedMIResult",
    "MutualInformation",
    "PairwiseMutualInformation",
    "Refinement",
    "SelfConsistency",
    "SlicedMIResult",
    "conditional_independence_test",
    "conditional_mutual_information",
    "differentiable_mutual_information",
    "gaussian_mutual_information",
    "independence_test",
    "load_model",
    "max_sliced_mutual_information",
    "mutual_information",
    "mutual_information_batch",
    "pairwise_mutual_information",
    "self_consistency",
    "sliced_mutual_information",
]
