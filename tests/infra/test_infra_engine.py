"""The engine of Azure's template language: expressions, parameters, loops, modules, order, live state."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arm import Deployed, Environment, TemplateError, evaluate
from arm.expressions import parse

HERE = Environment("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-0000000000aa", "westeurope")
GROUP = f"{HERE.place}/resourceGroups/g"
STORAGE, IDENTITY = "Microsoft.Storage/storageAccounts", "Microsoft.ManagedIdentity/userAssignedIdentities"
IDENTITY_ID = f"{GROUP}/providers/{IDENTITY}/ci"
MODULE = "Microsoft.Resources/deployments"


def nothing(_id: str) -> dict[str, Any] | None:
    """An Azure with one resource group, and nothing in it."""
    return {"location": "westeurope"} if _id == GROUP else None


def template(*resources: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {"$schema": "s", "contentVersion": "1.0.0.0", "resources": list(resources), **parts}


def resource(name: str, kind: str = STORAGE, **parts: Any) -> dict[str, Any]:
    return {"type": kind, "apiVersion": "2024-01-01", "name": name, **parts}


def run(*resources: dict[str, Any], given: dict[str, Any] | None = None, **parts: Any) -> Deployed:
    return evaluate(template(*resources, **parts), given or {}, GROUP, nothing, HERE)


def value(expression: str, **parts: Any) -> Any:
    return run(outputs={"it": {"type": "string", "value": expression}}, **parts).outputs["it"]["value"]


def names(deployed: Deployed) -> list[str]:
    return [one.name for one in deployed.resources]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("plain", "plain"),
        ("[[not evaluated]", "[not evaluated]"),
        ("['it''s']", "it's"),
        ("[concat('a', 'b', 1)]", "ab1"),
        ("[concat(createArray(1), createArray(2))]", [1, 2]),
        ("[format('{0}-{1}', 'a', 2)]", "a-2"),
        ("[format('{{{0}}}', 'a')]", "{a}"),
        ("[if(true(), 'yes', variables('none'))]", "yes"),
        ("[createObject('A', createArray('x', 'y')).a[1]]", "y"),
        ("[take(toUpper(replace('a-b', '-', '')), 1)]", "A"),
        (
            "[union(createObject('a', createObject('x', 1)), createObject('a', createObject('y', 2)))]",
            {"a": {"x": 1, "y": 2}},
        ),
        ("[union(createArray(1, 2), createArray(2, 3))]", [1, 2, 3]),
        ("[and(true(), not(false()), or(false(), equals(1, 1)))]", True),
        ("[coalesce(null(), 'b')]", "b"),
        ("[json('{\"a\": [1, null]}').a[0]]", 1),
        ("[resourceGroup().name]", "g"),
        ("[resourceGroup().location]", "westeurope"),
        ("[subscription().subscriptionId]", HERE.subscription),
        (f"[resourceId('{STORAGE}', 's')]", f"{GROUP}/providers/{STORAGE}/s"),
        (f"[resourceId('other', '{STORAGE}', 's')]", f"{HERE.place}/resourceGroups/other/providers/{STORAGE}/s"),
        (
            f"[resourceId('{HERE.tenant}', 'o', '{STORAGE}', 's')]",
            f"/subscriptions/{HERE.tenant}/resourceGroups/o/providers/{STORAGE}/s",
        ),
        ("[subscriptionResourceId('Microsoft.Resources/resourceGroups', 'x')]", f"{HERE.place}/resourceGroups/x"),
    ],
)
def test_an_expression_has_a_value(expression: str, expected: Any) -> None:
    found = value(
        expression, variables={"none": "[parameters('p')]"}, parameters={"p": {"type": "string", "defaultValue": ""}}
    )
    assert found == expected and type(found) is type(expected)


def test_made_names_are_the_same_for_the_same_input() -> None:
    for function, length in (("guid", 36), ("uniqueString", 13)):
        one, again, other = (value(f"[{function}('a', '{part}')]") for part in "bbc")
        assert one == again != other and len(one) == length


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("[concat('a', ]", "ends too early"),
        ("[concat('a']", "ends too early"),
        ("[concat('a', 'b',)]", "after a comma"),
        ("[concat('a') 'b']", "unexpected \"'b'\""),
        ("[name]", "ends too early"),
        ("[lower('A')]", "no function 'lower'"),
        ("[toLower()]", "tolower"),
        ("[parameters('none')]", "parameter 'none' is not declared"),
        ("[variables('none')]", "variable 'none' is not declared"),
        ("[createObject('a', 1).b]", "no property 'b'"),
        ("[createArray(1)[1]]", "no item 1"),
        ("[if('true', 1, 2)]", "not true or false"),
        ("[copyIndex()]", "outside of its loop"),
        (f"[resourceId('{STORAGE}/blobServices', 'a')]", "2 names"),
        (f"[reference(resourceId('{STORAGE}', 'a'))]", "no such resource"),
        ("[reference('a')]", "no resource of this name"),
    ],
)
def test_a_wrong_expression_is_refused(expression: str, why: str) -> None:
    with pytest.raises(TemplateError, match=why):
        value(expression)


@given(st.text(alphabet="abc'(),.[] 019{}", max_size=12))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        parse(f"[{text}]")
    except TemplateError as error:
        assert "\n" not in str(error)


@given(st.text(max_size=20))
def test_a_text_stays_what_it_is(text: str) -> None:
    assert value("['" + text.replace("'", "''") + "']") == text


def declared(kind: str, **limits: Any) -> dict[str, Any]:
    return {
        "parameters": {"p": {"type": kind, **limits}},
        "outputs": {"p": {"type": kind, "value": "[parameters('P')]"}},
    }


@pytest.mark.parametrize(
    ("parts", "given", "expected"),
    [
        (declared("string"), {"p": {"value": "a"}}, "a"),
        (declared("string", defaultValue="[resourceGroup().name]"), {}, "g"),
        (declared("string", nullable=True), {}, None),
        (declared("array", allowedValues=["a", "b"]), {"p": {"value": ["b"]}}, ["b"]),
        (declared("secureString"), {"P": {"value": "a"}}, "a"),
    ],
)
def test_a_parameter_has_its_value(parts: dict[str, Any], given: dict[str, Any], expected: Any) -> None:
    assert run(given=given, **parts).outputs["p"]["value"] == expected


@pytest.mark.parametrize(
    ("parts", "given", "why"),
    [
        (declared("string"), {}, "has no value"),
        (declared("string"), {"p": {"value": "a"}, "q": {"value": 1}}, "'q' is given, but not declared"),
        (declared("string"), {"p": "a"}, "no 'value'"),
        (declared("string"), {"p": {"value": 1}}, "takes string"),
        (declared("int"), {"p": {"value": True}}, "takes int"),
        (declared("text"), {"p": {"value": "a"}}, "a type that is none"),
        (declared("string", minLength=2), {"p": {"value": "a"}}, "minLength 2"),
        (declared("string", maxLength=2), {"p": {"value": "abc"}}, "maxLength 2"),
        (declared("int", minValue=2), {"p": {"value": 1}}, "minValue 2"),
        (declared("int", maxValue=2), {"p": {"value": 3}}, "maxValue 2"),
        (declared("string", allowedValues=["a"]), {"p": {"value": "b"}}, "none of"),
        (declared("array", allowedValues=["a"]), {"p": {"value": ["a", "b"]}}, "'b' is none of"),
    ],
)
def test_a_wrong_parameter_is_refused(parts: dict[str, Any], given: dict[str, Any], why: str) -> None:
    with pytest.raises(TemplateError, match=why):
        run(given=given, **parts)


def test_variables_may_need_each_other_but_not_themselves() -> None:
    assert value("[variables('a')]", variables={"a": "[concat(variables('b'), '!')]", "b": "x"}) == "x!"
    with pytest.raises(TemplateError, match="needs itself"):
        value("[variables('a')]", variables={"a": "[variables('b')]", "b": "[variables('a')]"})


def test_loops_are_unrolled_everywhere() -> None:
    loop = {"name": "each", "count": 2}
    inner = {"name": "tags", "count": 2, "input": "[format('{0}{1}', copyIndex(), copyIndex('tags'))]"}
    found = run(
        resource("[concat('s', copyIndex())]", copy=loop, properties={"copy": [inner]}),
        variables={"copy": [{"name": "v", "count": 3, "input": "[copyIndex('v', 1)]"}]},
        outputs={
            "v": {"type": "array", "value": "[variables('v')]"},
            "o": {"type": "array", "copy": {"count": 2, "input": "[copyIndex()]"}},
        },
    )
    assert names(found) == ["s0", "s1"]
    assert found.resources[1].body["properties"] == {"tags": ["10", "11"]}
    assert found.outputs["v"]["value"] == [1, 2, 3] and found.outputs["o"]["value"] == [0, 1]


def test_what_has_no_value_or_no_condition_is_left_out() -> None:
    none = resource("b", condition="[false()]", properties="[reference('x')]")
    found = run(resource("a", sku="[null()]", tags={}), none, resource("c", dependsOn=["b"]))
    assert names(found) == ["a", "c"] and found.resources[0].body == {"tags": {}}


def test_the_order_is_what_they_wait_for_else_as_written() -> None:
    loop = {"name": "each", "count": 2, "mode": "serial", "batchSize": 1}
    found = run(
        resource("z", dependsOn=["each", f"[resourceId('{STORAGE}', 'b')]"]),
        resource("[concat('l', copyIndex())]", copy=loop, dependsOn=["c"]),
        resource("b"),
        resource("c"),
    )
    assert names(found) == ["b", "c", "l0", "l1", "z"]
    after = {one.name: {id_.rsplit("/", 1)[1] for id_ in one.after} for one in found.resources}
    assert after == {"b": set(), "c": set(), "l0": {"c"}, "l1": {"c", "l0"}, "z": {"b", "c", "l0", "l1"}}


@pytest.mark.parametrize(
    ("resources", "why"),
    [
        ([resource("a", dependsOn=["b"])], "'b', which the template does not define"),
        ([resource("a", dependsOn=["b"]), resource("b", dependsOn=["a"])], "wait for each other"),
        ([resource("a", dependsOn=["a"])], "waits for itself"),
        ([resource("a"), resource("A")], "defined twice"),
        ([{"type": STORAGE, "name": "a"}], "without 'apiVersion'"),
        ([resource("a/b")], "1 names"),
        ([resource("a", copy={"name": "l", "count": "2"})], "not a number of copies"),
        ([resource("a", condition="yes")], "not true or false"),
    ],
)
def test_resources_that_cannot_be_ordered_are_refused(resources: list[dict[str, Any]], why: str) -> None:
    with pytest.raises(TemplateError, match=why):
        run(*resources)


PRINCIPAL = f"[reference(resourceId('{IDENTITY}', 'ci'), '2023-01-31').principalId]"


def test_reference_gives_what_azure_makes_of_a_resource() -> None:
    using = resource("a", tags={"who": PRINCIPAL}, dependsOn=[f"[resourceId('{IDENTITY}', 'ci')]"])
    found = run(using, resource("ci", IDENTITY))
    assert names(found) == ["ci", "a"] and len(found.resources[1].body["tags"]["who"]) == 36
    with pytest.raises(TemplateError, match="nothing waits for it"):
        run(resource("ci", IDENTITY), {**using, "dependsOn": []})


def test_reference_looks_into_azure_for_what_is_not_in_the_template() -> None:
    def live(id_: str) -> dict[str, Any] | None:
        return {"properties": {"principalId": "p"}, "location": "here"} if id_ == IDENTITY_ID else None

    full = f"[reference(resourceId('{IDENTITY}', 'ci'), '2023-01-31', 'Full').location]"
    outputs = {"p": {"type": "string", "value": PRINCIPAL}, "l": {"type": "string", "value": full}}
    found = evaluate(template(outputs=outputs), {}, GROUP, live, HERE).outputs
    assert (found["p"]["value"], found["l"]["value"]) == ("p", "here")


def test_names_and_conditions_are_known_before_anything_is_made() -> None:
    def live(_id: str) -> dict[str, Any]:
        return {"properties": {"principalId": "p", "yes": True}}

    for part in ({"name": PRINCIPAL}, {"condition": PRINCIPAL.replace("principalId", "yes")}):
        with pytest.raises(TemplateError, match="known before anything is made"):
            evaluate(template(resource("a") | part), {}, GROUP, live, HERE)


def test_the_address_of_a_workflow_is_known_once_it_is_there() -> None:
    flow, kind = {"kind": "Microsoft.Logic/workflows"}, "Microsoft.Logic/workflows"
    address = f"[listCallbackUrl(concat(resourceId('{kind}', 'w'), '/triggers/t'), '2019-05-01').value]"
    using = resource("a", tags={"to": address}, dependsOn=["w"])
    assert run(resource("w", **flow), using).resources[1].body["tags"]["to"].startswith("https://")
    with pytest.raises(TemplateError, match="nothing waits for it"):
        run(resource("w", **flow), {**using, "dependsOn": []})


def module(inner: dict[str, Any], given: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    options = {"expressionEvaluationOptions": {"scope": "inner"}, "mode": "Incremental"}
    return resource("m", MODULE, properties={**options, "template": inner, "parameters": given or {}}, **parts)


def test_a_module_sees_only_its_own_parameters_and_gives_its_outputs() -> None:
    inner = template(resource("[parameters('name')]"), parameters={"name": {"type": "string"}})
    inner["outputs"] = {"id": {"type": "string", "value": f"[resourceId('{STORAGE}', parameters('name'))]"}}
    group = resource("[variables('g')]", "Microsoft.Resources/resourceGroups")
    waits = ["[subscriptionResourceId('Microsoft.Resources/resourceGroups', variables('g'))]"]
    used = module(inner, {"name": {"value": "[variables('s')]"}}, resourceGroup="[variables('g')]", dependsOn=waits)
    output = f"[reference(resourceId(subscription().subscriptionId, variables('g'), '{MODULE}', 'm')).outputs.id.value]"
    whole = template(
        group, used, variables={"s": "store", "g": "new"}, outputs={"id": {"type": "string", "value": output}}
    )
    found = evaluate(whole, {}, HERE.place, nothing, HERE)
    made = f"{HERE.place}/resourceGroups/new/providers/{STORAGE}/store"
    assert [one.id for one in found.resources] == [f"{HERE.place}/resourceGroups/new", made]
    assert found.outputs["id"]["value"] == made
    assert f"{HERE.place}/resourceGroups/new".lower() in found.resources[1].after


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (module(template(resource("a")), {"x": {"value": 1}}), "m: parameter 'x' is given"),
        (
            module(template(resource("[parameters('p')]"), parameters={"p": {"type": "string"}})),
            "m: parameter 'p' has no",
        ),
        (module(template(resource("[variables('outer')]"))), "variable 'outer' is not declared"),
        (resource("m", MODULE, properties={"mode": "Incremental", "template": template()}), "scope of their own"),
    ],
)
def test_a_wrong_module_is_refused(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(TemplateError, match=why):
        run(changed, variables={"outer": "x"})


def test_symbolic_names_and_existing_resources() -> None:
    resources = {
        "there": {"existing": True, **resource("ci", IDENTITY)},
        "store": resource("a", tags={"p": "[reference('there').principalId]"}, dependsOn=["there"]),
        "next": resource("b", tags={"s": "[reference('store').provisioningState]"}, dependsOn=["store"]),
    }

    def live(id_: str) -> dict[str, Any] | None:
        return {"properties": {"principalId": "p"}} if id_ == IDENTITY_ID else None

    whole = {**template(), "languageVersion": "2.0", "resources": resources}
    found = evaluate(whole, {}, GROUP, live, HERE)
    assert [(one.name, one.body["tags"]) for one in found.resources] == [("a", {"p": "p"}), ("b", {"s": "Succeeded"})]


def test_what_extends_a_resource_lies_below_it() -> None:
    lock = "Microsoft.Authorization/locks"
    whole = [resource("a"), resource("l", lock, scope=f"[resourceId('{STORAGE}', 'a')]", dependsOn=["a"])]
    short = [resource("a"), resource("l", lock, scope=f"{STORAGE}/a", dependsOn=["a"])]
    for resources in (whole, short):
        assert run(*resources).resources[1].id == f"{GROUP}/providers/{STORAGE}/a/providers/{lock}/l"


def test_what_no_condition_lets_through_is_looked_at_too() -> None:
    hidden = resource("a", condition="[false()]", properties={"x": "[paramters('y')]"})
    with pytest.raises(TemplateError, match="no function 'paramters'"):
        run(hidden)
    with pytest.raises(TemplateError, match="no part 'resource'"):
        evaluate({**template(), "resource": []}, {}, GROUP, nothing, HERE)
