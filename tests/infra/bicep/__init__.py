"""A compiler from a subset of Bicep to Azure's template language, for a machine that has no Bicep of Microsoft's.

It knows: targetScope, param with decorators, var, resource (existing, parent, scope, dependsOn, if, for), module
(scope, if, for), output, interpolation, `? :`, operators, loops over properties, loadTextContent. All else is a
BicepError that names the line. It makes what Microsoft's makes in effect, not in text; that it does, only
`az bicep build` can show.
"""

from bicep.compiler import compile_file
from bicep.errors import BicepError

__all__ = ["BicepError", "compile_file"]
