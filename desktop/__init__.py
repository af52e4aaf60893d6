"""The window of Age Mirror: presenters decide, widgets draw, the bridge pulls the newest picture."""
