"""The networks that one server offers: what there is, what is loaded, and who uses it."""
