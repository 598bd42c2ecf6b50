"""A file as a template."""

from pathlib import Path
from typing import Any

from bicep.emitter import MODULE_VERSION
from bicep.nodes import Array, Call, Declaration, Loop, Mapping, Node, Text
from bicep.plain import Plainly
from bicep.symbols import HERE, MODULES, Local

SCHEMAS = {
    "resourceGroup": "2019-04-01/deploymentTemplate",
    "subscription": "2018-05-01/subscriptionDeploymentTemplate",
}
NOT_BODY = {"dependsOn", "name", "parent", "scope"}
OF_MODULE = {"dependsOn", "name", "params", "scope"}


def compile_file(path: Path) -> dict[str, Any]:
    """The template that a file of Bicep and its modules come to. BicepError names the first mistake."""
    return _Compiler(path).template()


class _Compiler(Plainly):
    """Adds what is deployed, and puts all together."""

    def template(self) -> dict[str, Any]:
        of = {
            kind: [one for one in self.symbols.file.declarations if one.kind == kind]
            for kind in ("param", "var", "output")
        }
        deployed = [one for one in self.symbols.file.declarations if one.kind in {"resource", "module"}]
        parameters = {one.name: self.parameter(one) for one in of["param"]}
        variables = self.variables(of["var"])
        resources = [self.deployed(one) for one in deployed if not one.existing]
        outputs = {one.name: self.output(one) for one in of["output"]}
        self.symbols.check_used()
        schema = SCHEMAS[self.symbols.file.scope]
        return {
            "$schema": f"https://schema.management.azure.com/schemas/{schema}.json#",
            "contentVersion": "1.0.0.0",
            **({"parameters": parameters} if parameters else {}),
            **({"variables": self.emitter.loaded | variables} if self.emitter.loaded or variables else {}),
            "resources": resources,
            **({"outputs": outputs} if outputs else {}),
        }

    def deployed(self, one: Declaration) -> dict[str, Any]:
        """A resource or module."""
        found: dict[str, Any] = {}
        local = Local()
        if one.loop is not None:
            source = self.emitter.text(one.loop.source, local)
            local = local.with_loop(one, source, "copyIndex()")
            found["copy"] = {"name": one.name, "count": f"[length({source})]", **self.batch(one)}
        if one.condition is not None:
            found["condition"] = self.emitter.value(one.condition, local)
        self.emitter.needed = []
        found |= self.module(one, local) if one.kind == "module" else self.resource(one, local)
        for node in self.listed(one):
            found_there = (
                self.ids.named(node, one) if not self.is_loop(node) else (self.symbols.by_name[node.name], None)
            )
            self.emitter.needed.append((found_there[0], self.ids.index(found_there[1], local), local))
        if depends := self.depends(one):
            found["dependsOn"] = depends
        self.emitter.needed = []
        return found

    def batch(self, one: Declaration) -> dict[str, Any]:
        for decorator in one.decorators:
            if decorator.function == "batchSize":
                return {"mode": "serial", "batchSize": self.constant(decorator, one)}
        return {}

    def listed(self, one: Declaration) -> tuple[Node, ...]:
        depends = one.body.get("dependsOn")
        return depends.items if isinstance(depends, Array) else ()

    def is_loop(self, node: Node) -> bool:
        """Whether it names a loop as a whole, which only dependsOn may."""
        name = getattr(node, "name", "")
        found = self.symbols.by_name.get(name)
        return found is not None and found.loop is not None

    def depends(self, one: Declaration) -> list[str]:
        """What it waits for: all that it asked something of, but for what is there already."""
        entries = []
        for other, index, local in self.emitter.needed:
            if other is one:
                raise self.wrong(one, f"{one.name!r} needs itself")
            if not other.existing:
                entries.append(
                    other.name if other.loop and index is None else f"[{self.ids.id_of(other, index, local)}]"
                )
        return sorted(set(entries))

    def resource(self, one: Declaration, local: Local) -> dict[str, Any]:
        kind, _, version = one.type.partition("@")
        names = self.ids.names(one, "copyIndex()" if one.loop else None, Local())
        pattern = "/".join(f"{{{number}}}" for number in range(len(names)))
        name = f"[{names[0]}]" if len(names) == 1 else f"[format('{pattern}', {', '.join(names)})]"
        plain = one.body.get("name")
        found: dict[str, Any] = {"type": kind, "apiVersion": version, "name": name}
        if len(names) == 1 and isinstance(plain, Text) and plain.plain is not None:
            found["name"] = plain.plain
        self.need(one.body.get("parent"), one, local)
        if (scope := one.body.get("scope")) is not None:
            self.need(scope, one, local)
            outer, index = self.ids.named(scope, one)
            found["scope"] = f"[{self.ids.id_of(outer, self.ids.index(index, local), local)}]"
        body = Mapping(tuple(pair for pair in one.body.items if pair[0].plain not in NOT_BODY), one.line)
        return found | self.emitter.mapping(body, local)

    def need(self, node: Node | None, one: Declaration, local: Local) -> None:
        """Wait for the parent, or for what is extended."""
        if node is not None:
            outer, index = self.ids.named(node, one)
            self.emitter.needed.append((outer, self.ids.index(index, local), local))

    def module(self, one: Declaration, local: Local) -> dict[str, Any]:
        for key, _ in one.body.items:
            if key.plain not in OF_MODULE:
                raise self.wrong(one, f"module {one.name!r}: {key.plain!r} is outside the subset")
        template, params = compile_file(self.path.parent / one.type), one.body.get("params") or Mapping((), one.line)
        assert isinstance(params, Mapping)
        self.check_parameters(one, template.get("parameters", {}), params)
        found: dict[str, Any] = {"type": MODULES, "apiVersion": MODULE_VERSION}
        name, scope = one.body.get("name"), one.body.get("scope")
        assert name is not None
        found["name"] = self.emitter.value(name, local)
        if scope is not None:
            subscription, group = self.ids.group(scope, one, local)
            found["resourceGroup"] = f"[{group}]"
            if subscription != HERE:
                found["subscriptionId"] = f"[{subscription}]"
            if not isinstance(scope, Call):
                self.need(scope, one, local)
        options = {"expressionEvaluationOptions": {"scope": "inner"}, "mode": "Incremental"}
        given = {str(key.plain): self.given(item, local) for key, item in params.items}
        found["properties"] = {**options, "parameters": given, "template": template}
        return found

    def given(self, node: Node, local: Local) -> dict[str, Any]:
        """A parameter of a module."""
        if isinstance(node, Loop):
            return {"copy": [self.emitter.copy("value", node, local)]}
        return {"value": self.emitter.value(node, local)}

    def check_parameters(self, one: Declaration, declared: dict[str, Any], params: Mapping) -> None:
        given = {key.plain for key, _ in params.items}
        for name in given - declared.keys():
            raise self.wrong(one, f"{one.type} has no parameter {name!r}")
        for name, part in declared.items():
            if name not in given and "defaultValue" not in part:
                raise self.wrong(one, f"{one.type} needs the parameter {name!r}")
