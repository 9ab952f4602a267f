"""Benchmarks of InfoAtlas: tasks whose mutual information is known, rivals, records and tables.

Not installed with the package: run from the repository root, as benchmarks/README.md shows.
"""
