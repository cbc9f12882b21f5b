"""One typed section per noun: what may be asked. Attribute names carry the unit, the file says the noun alone."""
