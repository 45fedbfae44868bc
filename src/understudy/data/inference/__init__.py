"""How a column's kind is decided: one file a family of kinds, each decision with its reason."""
