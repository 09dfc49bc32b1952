"""What the browser gets to draw of a scan."""
