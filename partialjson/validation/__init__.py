"""Values to Pydantic as they close: the plan of a type, shells, guards, and the parser over them.

The one room of the JSON tower that needs an optional dependency, `partialjson-streaming[pydantic]`.
"""

from .parser import Salvage, TypedParser

__all__ = ["Salvage", "TypedParser"]
