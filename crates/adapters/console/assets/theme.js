// Applies a chosen theme before the first paint.
