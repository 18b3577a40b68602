"""Are two trainings the same network? Maps, layers and points of every pair of them."""
