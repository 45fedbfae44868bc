"""The default renderer: rays through Embree (extra `scenes`), shading of its own."""
