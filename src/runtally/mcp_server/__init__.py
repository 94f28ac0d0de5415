"""The MCP interface: tools, resources and transports over the service layer."""
