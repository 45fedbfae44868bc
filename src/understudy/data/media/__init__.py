"""Pictures with labels: what a generator of images or video makes, and the forms that it is written in."""
