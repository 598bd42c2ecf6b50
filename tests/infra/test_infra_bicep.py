"""The compiler of the Bicep subset: what each form comes to, and that all else is refused with its line."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arm import Environment, evaluate
from bicep import BicepError, compile_file

HERE = Environment("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-0000000000aa", "westeurope")
GROUP = f"{HERE.place}/resourceGroups/g"
STORE = "'Microsoft.Storage/storageAccounts@2024-01-01'"
BLOBS = "'Microsoft.Storage/storageAccounts/blobServices@2024-01-01'"
LOCK = "'Microsoft.Authorization/locks@2020-05-01'"


@pytest.fixture
def build(tmp_path: Path) -> Any:
    """Compile a text, with other files beside it."""

    def compiled(text: str, **others: str) -> dict[str, Any]:
        for name, content in {"main": text, **others}.items():
            (tmp_path / f"{name}.bicep").write_text(content, encoding="utf-8")
        (tmp_path / "note.txt").write_text("it's {a} note", encoding="utf-8")
        return compile_file(tmp_path / "main.bicep")

    return compiled


def live(id_: str) -> dict[str, Any] | None:
    return {"location": "westeurope"} if id_ == GROUP else {"properties": {"key": "there"}} if "/there" in id_ else None


def outputs(template: dict[str, Any], **given: Any) -> dict[str, Any]:
    values = {name: {"value": value} for name, value in given.items()}
    found = evaluate(template, values, GROUP, live, HERE).outputs
    return {name: part["value"] for name, part in found.items()}


def made(template: dict[str, Any], place: str = GROUP) -> dict[str, dict[str, Any]]:
    return {
        one.id.removeprefix(f"{place}/providers/"): one.body
        for one in evaluate(template, {}, place, live, HERE).resources
    }


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'plain'", "plain"),
        ("'it\\'s \\${x}'", "it's ${x}"),
        ("'[brackets]'", "[brackets]"),
        ("'${1 + 2 * 3}-{x}'", "7-{x}"),
        ("'''raw 'text' ${x}'''", "raw 'text' ${x}"),
        ("'${'inner ${1}'}!'", "inner 1!"),
        ("'${1}{0}}{'", "1{0}}{"),
        ("1 < 2 && !(2 <= 1) || false ? 'yes' : 'no'", "yes"),
        ("1 != 2 ? 7 % 4 : 0", 3),
        ("2 - 1 + -3", -2),
        ("null ?? 'b'", "b"),
        ("{ a: 1, 'b c': [2, 3] }['b c'][1]", 3),
        ("empty([]) ? toUpper('a') : 'b'", "A"),
        ("union({ a: 1 }, { b: 2 })", {"a": 1, "b": 2}),
        ("loadTextContent('note.txt')", "it's {a} note"),
        ("replace(loadTextContent('note.txt'), 'note', 'word')", "it's {a} word"),
    ],
)
def test_an_expression_comes_to_its_value(build: Any, expression: str, expected: Any) -> None:
    assert outputs(build(f"output it object = {expression}\n")) == {"it": expected}


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), max_size=12))
def test_a_text_stays_what_it_is(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.mktemp("text") / "main.bicep"
    written = text.replace("\\", "\\\\").replace("'", "\\'").replace("$", "\\$")
    file.write_text(f"output it string = '{written}'\noutput two string = '${{1}}{written}'\n", encoding="utf-8")
    assert outputs(compile_file(file)) == {"it": text, "two": f"1{text}"}


PARAMETERS = """
@description('What it is.')
@minLength(2)
@allowed(['ab', 'cd'])
param one string = 'ab'
@secure()
param two string
param three int = 3
output all array = [one, two, three]
"""


def test_parameters_have_their_decorators(build: Any) -> None:
    template = build(PARAMETERS)
    one = {"type": "string", "metadata": {"description": "What it is."}, "minLength": 2, "allowedValues": ["ab", "cd"]}
    assert template["parameters"]["one"] == {**one, "defaultValue": "ab"}
    assert template["parameters"]["two"]["type"] == "securestring"
    assert outputs(template, two="x") == {"all": ["ab", "x", 3]}


RESOURCES = f"""
var names = ['a', 'b']
resource stores {STORE} = [for (name, i) in names: if (i < 2) {{
  name: name
  location: resourceGroup().location
  tags: {{
    other: names[1 - i]
  }}
}}]
resource blobs {BLOBS} = [for (name, i) in names: {{
  parent: stores[i]
  name: 'default'
}}]
resource lock {LOCK} = {{
  scope: stores[0]
  name: 'kept'
  properties: {{
    notes: stores[1].properties.provisioningState
    level: 'CanNotDelete'
  }}
}}
resource there {STORE} existing = {{
  name: 'there'
}}
output ids array = [for (name, i) in names: blobs[i].id]
output key string = there.properties.key
output name string = stores[1].name
"""


def test_resources_have_parents_scopes_loops_and_what_they_wait_for(build: Any) -> None:
    template = build(RESOURCES)
    store = "Microsoft.Storage/storageAccounts/"
    assert made(template) == {
        f"{store}a": {"location": "westeurope", "tags": {"other": "b"}},
        f"{store}b": {"location": "westeurope", "tags": {"other": "a"}},
        f"{store}a/blobServices/default": {},
        f"{store}b/blobServices/default": {},
        f"{store}a/providers/Microsoft.Authorization/locks/kept": {
            "properties": {"notes": "Succeeded", "level": "CanNotDelete"}
        },
    }
    found = outputs(template)
    assert [id_.split("/")[-3] for id_ in found["ids"]] == ["a", "b"]
    assert (found["key"], found["name"]) == ("there", "b")
    after = {one.id: one.after for one in evaluate(template, {}, GROUP, live, HERE).resources}
    first = f"{GROUP}/providers/{store}a".lower()
    assert after[f"{GROUP}/providers/{store}a/blobServices/default"] == {first}, "only for its own"


MAIN = """
targetScope = 'subscription'
var groups = ['one', 'two']
resource homes 'Microsoft.Resources/resourceGroups@2024-03-01' = [for name in groups: {
  name: name
  location: 'westeurope'
}]
module parts 'part.bicep' = [for (name, i) in groups: {
  name: 'part-${name}'
  scope: homes[i]
  params: {
    name: name
    tags: [for other in groups: { of: other }]
  }
}]
module other 'part.bicep' = if (length(groups) > 1) {
  name: 'other'
  scope: resourceGroup('elsewhere')
  params: {
    name: parts[0].outputs.id
  }
  dependsOn: [
    parts
  ]
}
output ids array = [for (name, i) in groups: parts[i].outputs.id]
"""
PART = f"""
param name string
param tags array = []
resource store {STORE} = {{
  name: last(split(name, '/'))
  location: 'here'
  properties: {{
    list: [for (tag, i) in tags: '${{tag.of}}${{i}}']
  }}
}}
output id string = store.id
"""


def test_modules_are_deployed_to_their_groups(build: Any) -> None:
    deployed = evaluate(build(MAIN, part=PART), {}, HERE.place, live, HERE)
    ids = [one.id.removeprefix(f"{HERE.place}/resourceGroups/") for one in deployed.resources]
    store = "providers/Microsoft.Storage/storageAccounts"
    assert ids == ["one", "two", f"one/{store}/one", f"two/{store}/two", f"elsewhere/{store}/one"]
    assert deployed.resources[2].body["properties"] == {"list": ["one0", "two1"]}
    assert deployed.resources[4].after >= {one.id.lower() for one in deployed.resources[:4]}
    assert deployed.outputs["ids"]["value"] == [one.id for one in deployed.resources[2:4]]


WAYS = f"""
resource store {STORE} = {{
  name: 'store'
  location: 'here'
}}
#disable-next-line use-parent-property
resource blobs {BLOBS} = {{
  name: '${{store.name}}/default'
}}
var place = '${{store.id}}/x'
resource other {STORE} = {{
  name: 'other'
  location: 'here'
  tags: {{
    place: place
    blobs: blobs.id
  }}
}}
module far 'part.bicep' = {{
  name: 'far'
  scope: resourceGroup('00000000-0000-0000-0000-000000000002', 'away')
  params: {{
    name: 'far'
  }}
}}
"""


def test_a_var_carries_what_its_users_wait_for_and_a_name_may_be_a_way(build: Any) -> None:
    deployed = evaluate(build(WAYS, part=PART), {}, GROUP, live, HERE)
    found = {one.name: one for one in deployed.resources}
    store = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/store"
    assert found["other"].body["tags"] == {"place": f"{store}/x", "blobs": f"{store}/blobServices/default"}
    assert found["other"].after == {store.lower(), f"{store}/blobServices/default".lower()}
    assert found["far"].id.startswith("/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/away/")


GATHERING = """
resource stores 'Microsoft.Storage/storageAccounts@2024-01-01' = [for name in ['a', 'b']: {
  name: name
  location: 'here'
}]
module all 'part.bicep' = {
  name: 'all'
  params: {
    name: 'all'
    tags: [for i in [0, 1]: { of: stores[i].id }]
  }
}
"""


def test_a_loop_within_a_value_waits_for_all_that_it_may_ask(build: Any) -> None:
    *stores, gathered = evaluate(build(GATHERING, part=PART), {}, GROUP, live, HERE).resources
    assert gathered.body["properties"]["list"] == [f"{one.id}{number}" for number, one in enumerate(stores)]
    assert gathered.after >= {one.id.lower() for one in stores}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("output x string = y\n", "main.bicep:1: there is no 'y'"),
        ("\n\nvar x = 'a\n", "main.bicep:3: the text does not end on its line"),
        ("var x = 'a\\q'\n", "main.bicep:1: no text has"),
        ("var x = 1 1\n", "main.bicep:1: a new line expected"),
        ("var x = [1 2]\n", "a new line expected"),
        ("var x = {\n  a: 1\n  a: 2\n}\n", "main.bicep:3: 'a' stands there twice"),
        ("var x = '${1", "'}' is missing"),
        ("var x = 1\nvar x = 2\n", "main.bicep:2: 'x' is declared twice"),
        ("var x = 1\n", "main.bicep:1: nothing uses 'x'"),
        ("param x string\n", "nothing uses 'x'"),
        ("param x text\n", "type 'text' is outside the subset"),
        ("@export()\nparam x string\n", "this decorator is outside the subset"),
        ("@minLength(1)\n", "a decorator of nothing"),
        ("type x = string\n", "'type' is outside the subset"),
        ("import 'a'\n", "'import' is outside the subset"),
        ("metadata x = 'y'\n", "'metadata' is outside the subset"),
        ("targetScope = 'tenant'\n", "a scope is one of"),
        ("output x string = lower('A')\n", "no function 'lower'"),
        ("output x array = map([1], a => a)\n", "main.bicep:1"),
        ("output x string = loadTextContent('none')\n", "no file 'none'"),
        (f"resource x {STORE} = {{\n  location: 'a'\n}}\n", "'x' has no name"),
        (
            f"resource x {STORE} = {{ name: 'a' }}\noutput y string = x.listKeys()\n",
            "functions of a resource are outside",
        ),
        (f"resource x {STORE} = {{ name: 'a' }}\noutput y object = x\n", "'x' as a whole"),
        (f"resource x {STORE} = {{ name: x.name }}\n", "the name of 'x' needs itself"),
        (f"resource x {STORE} = {{ name: 'a', tags: x.id }}\n", "'x' needs itself"),
        (f"resource x {STORE} = [for a in [1]: {{ name: 'a' }}]\noutput y string = x.id\n", "'x' is a loop"),
        (f"resource x {STORE} = {{ name: 'a' }}\noutput y string = x[0].id\n", "'x' is no loop"),
        (f"resource x {BLOBS} = {{\n  parent: y\n  name: 'a'\n}}\n", "needs the name of a resource"),
        (
            f"resource x {STORE} = {{ name: 'a' }}\nvar y = x.properties.z\noutput o string = y\n",
            "a var of what Azure knows",
        ),
        ("module x 'none.bicep' = {\n  name: 'a'\n}\n", "no such file"),
        ("module x 'part.bicep' = {\n  name: 'a'\n}\n", "part.bicep needs the parameter 'name'"),
        ("module x 'part.bicep' = {\n  name: 'a'\n  params: { name: 'a', y: 1 }\n}\n", "has no parameter 'y'"),
        ("module x 'part.bicep' = {\n  name: 'a'\n  tags: {}\n}\n", "'tags' is outside the subset"),
        ("output x int = [for a in [1]: a][0]\n", "main.bicep"),
    ],
)
def test_what_it_does_not_know_is_refused(build: Any, text: str, why: str) -> None:
    with pytest.raises(BicepError) as error:
        build(text, part=PART)
    assert why in str(error.value) and "\n" not in str(error.value)


@given(st.text(alphabet="abc'(){}[]:=.,@$\n 01?!", max_size=30))
def test_no_text_breaks_the_compiler(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.mktemp("any") / "main.bicep"
    file.write_text(text, encoding="utf-8")
    try:
        compile_file(file)
    except BicepError as error:
        assert str(error).startswith("main.bicep:")
