"""The one error of the engine."""


class TemplateError(Exception):
    """The template is wrong, or what it asks for cannot be: one line, as Azure Resource Manager would refuse it."""
