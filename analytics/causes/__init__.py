"""Root cause: from what is seen down and up to the smallest sets of causes that explain it; it knows neither clock nor sensor."""
