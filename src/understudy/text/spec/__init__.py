"""A text data set declared: the spec, its columns and cases, and how long its texts are."""
