"""Display data: what the browser gets to draw of a scan."""
