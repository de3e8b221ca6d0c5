"""The pages of the house: each gives Dash its skeleton; scripts under `assets/` fill it and keep it alive."""
