"""Live changes over WebSocket."""
