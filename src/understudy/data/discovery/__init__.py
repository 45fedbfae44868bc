"""Rules found between columns: one file a rule. A rule is offered where it holds on every row and chance would not make it hold."""
