"""Numbers printed on the poster of the original InfoAtlas, and which tasks they belong to. Nats.

The poster's last columns are means over its five columns, not over whole task lists: KSG's 0.172 is
the mean of 0.05, 0.27, 0.20, 0.11 and 0.23. Both tables are means over ten draws.
"""

from __future__ import annotations

from benchmarks.bmi_tasks import TASKS as BMI_TASKS
from benchmarks.known_mi_tasks import POSTER_COLUMNS

# BMI, n = 5000. Found by truth and KSG's value; where two or four tasks fit, all are named.
BMI_COLUMNS: dict[str, tuple[str, ...]] = {
    "Mn-dense": ("multinormal-dense-5-5-0.5",),
    "Spiral": (
        "spiral-multinormal-sparse-3-3-2-2.0",
        "spiral-multinormal-sparse-5-5-2-2.0",
        "spiral-normal_cdf-multinormal-sparse-3-3-2-2.0",
        "spiral-normal_cdf-multinormal-sparse-5-5-2-2.0",
    ),
    "Asinh@St": ("asinh-student-identity-5-5-2",),
    "Student-t": ("student-identity-3-3-3",),
    "Uniform": (
        "normal_cdf-multinormal-sparse-3-3-2-2.0",
        "normal_cdf-multinormal-sparse-5-5-2-2.0",
    ),
}
# Values of the five columns, mean absolute error, seconds a pair (on the original's machines).
BMI_PUBLISHED: dict[str, tuple[float, ...]] = {
    "KSG": (0.54, 0.75, 0.25, 0.07, 0.79, 0.172, 0.13),
    "MINE": (0.60, 1.00, 0.53, 0.21, 1.03, 0.030, 25.9),
    "MINDE": (0.58, 0.92, 0.43, 0.36, 0.89, 0.088, 34.2),
    "InfoNCE": (0.56, 0.98, 0.49, 0.18, 0.97, 0.032, 67.6),
    "InfoAtlas (original)": (0.60, 0.89, 0.41, 0.21, 0.93, 0.060, 0.09),
}
# The released script runs these 30 of the 40 tasks: at most 5 columns a side, without three others.
NOT_IN_RELEASED_SCRIPT = (
    "1v1-bimodal-0.75",
    "half_cube-1v1-normal-0.75",
    "swissroll_x-normal_cdf-1v1-normal-0.75",
)
RELEASED_BMI_TASKS: tuple[str, ...] = tuple(
    task.name for task in BMI_TASKS if task.dim_x <= 5 and task.name not in NOT_IN_RELEASED_SCRIPT
)

# Non-Gaussian and discrete, n = 1000.
KNOWN_MI_COLUMNS: dict[str, tuple[str, ...]] = {name: (name,) for name in POSTER_COLUMNS}
# Values of the five columns, mean relative bias, seconds a pair.
KNOWN_MI_PUBLISHED: dict[str, tuple[float, ...]] = {
    "KSG": (0.150, 0.242, 3.700, 1.754, 1.879, 1.894, 0.097),
    "MINE": (0.137, 0.654, 0.554, 0.723, 0.340, 0.130, 46.27),
    "InfoNCE": (0.135, 0.502, 0.606, 0.725, 0.233, 0.201, 27.00),
    "MINDE": (0.226, 1.093, 1.676, 1.638, 0.389, 0.840, 57.28),
    "InfoAtlas (original)": (0.141, 0.500, 0.536, 0.573, 0.333, 0.211, 0.046),
}
