"""The language of a description: its form, its expressions, and what is checked when it is loaded."""
