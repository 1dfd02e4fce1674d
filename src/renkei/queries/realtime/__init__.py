"""The hot path's look-ups: settings snapshot, viewer, replay."""
