"""Families of distributions whose pointwise mutual information is known exactly: one registry."""

from . import (
    additive_noise,
    copula,
    discrete,
    gaussian,
    independent,
    mixed,
    mixture,
    near_deterministic,
    nominal,
    regression,
    ring,
    student_t,
)
from .family import Family, Joint

FAMILIES: dict[str, Family] = {
    "additive_noise": additive_noise.draw,
    "copula": copula.draw,
    "discrete": discrete.draw,
    "gaussian": gaussian.draw,
    "independent": independent.draw,
    "mixed": mixed.draw,
    "mixture": mixture.draw,
    "near_deterministic": near_deterministic.draw,
    "nominal": nominal.draw,
    "regression": regression.draw,
    "ring": ring.draw,
    "student_t": student_t.draw,
}

__all__ = ["FAMILIES", "Family", "Joint"]
