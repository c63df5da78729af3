"""The main job on embedded defaults (`make demo`) or on real AWS (`make live`). Uses all wings but bench and docs."""
