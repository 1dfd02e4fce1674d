"""The ASGI process: event stream to browsers, look-up API, signed webhooks."""
