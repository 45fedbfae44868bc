"""Texts as rows of tables: the columns of conversations, marked spans and the like, and the formats that training tools read."""
