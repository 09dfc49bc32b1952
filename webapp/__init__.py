"""The web application: pages, REST API, jobs and viewer sessions around the engine."""
