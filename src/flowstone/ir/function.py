"""User functions and what their parameters are bound to."""

from __future__ import annotations

from flowstone.dsl.signals import HandlerWord
from flowstone.ir.node import Json, Location, Node
from flowstone.ir.types import TypeExpr
from flowstone.ir.values import MappingValue


class FunctionRef(Node):
    """Where a worker finds a function."""

    module: str
    """Dotted name of the module to import."""
    defined_in: str
    """Module that holds the ``def``; another one if a factory made the function."""
    name: str
    """The function's own name."""
    key: str
    """The declaration's name, under which the decorator noted the function (see ``dsl.decorators``)."""
    is_async: bool = False
    is_generator: bool = False


class Dependency(Node):
    """An upstream asset that a function reads, or that only has to be made before."""

    asset: str
    """Id of the asset."""
    parameter: str | None = None
    """Parameter that receives the value; None if the dependency only orders."""
    mapping: MappingValue | None = None
    optional: bool = False
    scattered: bool = False
    """The parameter receives one item of the value at a time, or a batch of them."""
    partial: bool = False
    """The parameter receives a ``Failure`` where the asset could not be made."""
    admits_failure: bool = False
    """The annotation names ``Failure``, which is left out of ``type``."""
    type: TypeExpr | None = None
    """The parameter's annotation as written, None if there is none; of a scattered value that comes item by item the
    list of it."""
    handler: HandlerWord | None = None
    """The handler of a gate whose parameter it is; None if it is the step's function."""
    location: Location


class ConfigParameter(Node):
    """A parameter with a default: a value that configuration, ``--set`` and run parameters can override."""

    name: str
    type: TypeExpr | None = None
    default: Json = None
    handler: HandlerWord | None = None
    """The handler of a gate whose parameter it is; None if it is the step's function."""
    location: Location


class ResourceUse(Node):
    """A resource that a function needs."""

    resource: str
    parameter: str | None = None
    """None if it only has to be open (keyword ``requires``)."""
    scattered: bool = False
    """The parameter receives one item at a time of what an item reader yields."""
    type: TypeExpr | None = None
    """The parameter's annotation as written, None if there is none."""
    handler: HandlerWord | None = None
    """The handler of a gate whose parameter it is; None if it is the step's function."""
    location: Location


class Signature(Node):
    """How the parameters of a function are bound."""

    context: str | None = None
    """Name of the parameter that receives the ``Context``."""
    dependencies: tuple[Dependency, ...] = ()
    """For an asset in the order of the source; for a check the checked asset comes with its parameter."""
    resources: tuple[ResourceUse, ...] = ()
    config: tuple[ConfigParameter, ...] = ()
    returns: TypeExpr | None = None

    def of(self, handler: HandlerWord | None, context: str | None = None) -> Signature:
        """What the parameters of one function of a step with a gate are bound to."""
        return Signature(
            context=self.context if handler is None else context,
            dependencies=tuple(item for item in self.dependencies if item.handler == handler),
            resources=tuple(item for item in self.resources if item.handler == handler or item.parameter is None),
            config=tuple(item for item in self.config if item.handler == handler),
        )
