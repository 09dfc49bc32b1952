"""SpineView's engine: read CTs, segment spines, measure and write masks. Nothing of the web application here."""
