"""Where pictures go: snapshots and videos, written whole or not at all."""
