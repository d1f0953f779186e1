"""The inpainting service: HTTP routes, engines, and the pure functions between them.

Importing this package is cheap and imports no framework; the parts are imported where needed.
"""
