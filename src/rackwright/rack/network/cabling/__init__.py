"""From links to cables: ends, floor, routes, media, structured cabling, the cut list."""
