"""One file a step; each owned by the room whose tables it makes."""
