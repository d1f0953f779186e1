"""The HTTP routes; the only modules, with the middleware, that know HTTP."""
