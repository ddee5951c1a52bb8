"""Figures against the goals of the product: ``python -m benchmarks`` measures all of them."""
