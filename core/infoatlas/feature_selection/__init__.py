"""Feature selection by mutual information, in scikit-learn's conventions."""

from infoatlas.feature_selection._scores import mutual_info_classif, mutual_info_regression
from infoatlas.feature_selection._selector import MutualInformationSelector

__all__ = ["MutualInformationSelector", "mutual_info_classif", "mutual_info_regression"]
