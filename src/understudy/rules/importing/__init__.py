"""Specs proposed from what describes data already, each with notes of what was guessed, changed or could not be said.

| file | holds |
|---|---|
| `importing.py` | `import_schema`: any source, by what it looks like |
| `ddl.py`, `database.py` | SQL statements; a live database |
| `json_schema.py`, `python_types.py`, `arrow_schema.py`, `pandera_schema.py`, `dbt.py` | one kind of schema each |
| `sample.py` | a table of values: profiled, with nothing of it that fewer than five rows share |
| `declared.py`, `imported.py` | what every importer tells; what it gives back |
| `building.py`, `relations.py`, `uniqueness.py`, `values.py` | from declarations to a spec: keys and references, values, orders |
| `names.py`, `types.py`, `patterns.py` | what names, types and regular expressions mean |
| `checks.py`, `formulas.py`, `sqlglot_quietly.py` | SQL conditions as bounds, choices, orders or formulas |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.core.lazy import table_of_contents

if TYPE_CHECKING:
    from understudy.rules.importing.arrow_schema import from_arrow as from_arrow
    from understudy.rules.importing.database import from_database as from_database
    from understudy.rules.importing.dbt import from_dbt as from_dbt
    from understudy.rules.importing.ddl import from_ddl as from_ddl
    from understudy.rules.importing.declared import Note as Note
    from understudy.rules.importing.imported import Imported as Imported
    from understudy.rules.importing.importing import import_schema as import_schema
    from understudy.rules.importing.json_schema import from_json_schema as from_json_schema
    from understudy.rules.importing.pandera_schema import from_pandera as from_pandera
    from understudy.rules.importing.python_types import from_dataclass as from_dataclass
    from understudy.rules.importing.python_types import from_pydantic as from_pydantic
    from understudy.rules.importing.sample import from_sample as from_sample
else:
    _ROOM = "understudy.rules.importing"
    __getattr__, __dir__, __all__ = table_of_contents(
        __name__,
        {
            "Imported": f"{_ROOM}.imported",
            "Note": f"{_ROOM}.declared",
            "import_schema": f"{_ROOM}.importing",
            "from_ddl": f"{_ROOM}.ddl",
            "from_database": f"{_ROOM}.database",
            "from_json_schema": f"{_ROOM}.json_schema",
            "from_pydantic": f"{_ROOM}.python_types",
            "from_dataclass": f"{_ROOM}.python_types",
            "from_arrow": f"{_ROOM}.arrow_schema",
            "from_pandera": f"{_ROOM}.pandera_schema",
            "from_dbt": f"{_ROOM}.dbt",
            "from_sample": f"{_ROOM}.sample",
        },
    )
