"""Keys: who they are given to, and how much each may ask for."""
