"""The HTTP and WebSocket edge: parse, call one service method, answer."""
