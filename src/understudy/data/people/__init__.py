"""One file a group of personal data: names, ways of contact, places, official numbers."""
