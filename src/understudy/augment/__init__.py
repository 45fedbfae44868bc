"""Real and synthetic rows together: balance, cover, mix, impute, and the question whether it helps."""
