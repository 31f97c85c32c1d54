"""Azure Functions blueprints: parse, call one service, return."""
