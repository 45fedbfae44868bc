"""`prove`: the checks of a spec, run over an output by DuckDB with as few scans as they take.

1. Keys first: whether each is ascending, dense and without gaps, by one scan that looks one row back. A key that ascends is unique; one
   that is 1, 2, 3 … makes of every reference to it a comparison with its ends.
2. One scan a table for all that is told by a row itself, one for what is told by the rows before, one with each table referred to.
3. One grouping of the rows that belong to another table's, for how many there are and all figures over them.
4. Sets that do not ascend: as many different hashes as rows prove that no two rows are alike; else the rows are grouped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from understudy.core.errors import ArgumentError
from understudy.core.progress import listening
from understudy.data.expression_sql import literal, quoted
from understudy.rules.proof.check import Check
from understudy.rules.proof.compiling import checks_of
from understudy.rules.proof.facts import Facts
from understudy.rules.proof.output import Output, connected
from understudy.rules.proof.result import Checked, Proof
from understudy.rules.spec import Spec, read_spec

_EXAMPLES = 5


def prove(
    spec: Spec | Mapping[str, Any] | str | Path | Any,
    output: Any,
    *,
    folder: str | Path | None = None,
    distribution: bool = True,
    level: float = 0.001,
    sample: int = 200_000,
    threads: int | None = None,
    memory: str | None = None,
    temporary: str | Path | None = None,
    progress: Any = None,
) -> Proof:
    """Check an output against every rule of its spec, by SQL that shares nothing with what made it.

    Args:
        spec: a `Spec`, plain values, the path of a YAML file, or the `Dataset` that made the output.
        output: a folder of tables, a DuckDB or SQLite file, a database's URL, or tables in memory by name.
        folder: what file names in the spec are relative to; its own folder unless told.
        distribution: test shares, laws and correlations as well. level: the chance that a faultless output fails any of these tests.
        sample: rows of a table that laws are tested on.
        threads, memory, temporary: what DuckDB may use ("2GB"), and where it spills to.

    Raises:
        DataError: a table or a column of the spec is not there.
    """
    started, cpu = time.perf_counter(), time.process_time()
    facts = Facts(*_stated(spec, folder))
    if not 0 < level < 1:
        raise ArgumentError(f"`level` is a chance between 0 and 1, not {level!r}.", where="level")
    connection = connected(threads, memory, temporary)
    try:
        target = Output(connection, facts, output)
        with listening(progress) as listener:
            prover = Prover(target, facts)
            checks = prover.run(lambda done, total: listener.advance(1), listener)
            tests = _tests(target, facts, prover, level, sample) if distribution else []
    finally:
        connection.close()
    return Proof(
        spec=facts.spec.name,
        target=target.shown,
        rows={table: prover.rows[table] for table in facts.spec.tables},
        checks=checks,
        distribution=tests,
        level=level,
        seconds=round(time.perf_counter() - started, 3),
        cpu_seconds=round(time.process_time() - cpu, 3),
        versions=_versions(),
    )


def _stated(spec: Any, folder: str | Path | None) -> tuple[Spec, Path]:
    if isinstance(spec, str | Path):
        return read_spec(spec), Path(folder) if folder is not None else Path(spec).parent
    if isinstance(spec, Mapping):
        return Spec.from_dict(spec), Path(folder or ".")
    own = spec if isinstance(spec, Spec) else getattr(spec, "spec", None)
    if not isinstance(own, Spec):
        raise ArgumentError(f"A proof needs a spec, not a {type(spec).__name__}.", where="spec")
    return own, Path(folder or ".")


def _versions() -> dict[str, str]:
    import duckdb

    import understudy

    return {"understudy": understudy.__version__, "duckdb": duckdb.__version__}


def _tests(target: Output, facts: Facts, prover: Prover, level: float, sample: int) -> list[Any]:
    from understudy.rules.proof.distribution import tests_of

    return tests_of(target, facts, prover.rows, level, sample)


@dataclass(frozen=True)
class Ordered:
    """What one look at a key column told: rows, those that are missing, those not above the one before, the first and last, gaps."""

    rows: int
    missing: int
    unordered: int
    gaps: int
    low: Any
    high: Any

    @property
    def ascending(self) -> bool:
        return self.missing == 0 and self.unordered == 0

    @property
    def dense(self) -> bool:
        return self.ascending and self.gaps == 0 and self.rows > 0


class Prover:
    """Runs checks. rows: of each table."""

    def __init__(self, target: Output, facts: Facts) -> None:
        self._target, self._facts = target, facts
        self.rows: dict[str, int] = {}
        self._ordered: dict[tuple[str, str], Ordered] = {}

    def run(self, advance: Callable[[int, int], None], listener: Any = None) -> list[Checked]:
        """All checks, in the order of the spec."""
        checks = checks_of(self._facts)
        self._look_at_keys(checks)
        for table in self._facts.spec.tables:
            if table not in self.rows:
                self.rows[table] = self._target.count(table)
        found: dict[str, Checked] = {}
        groups = list(self._grouped([self._simplified(check) for check in checks]))
        if listener is not None:
            listener.stage("proof", total=len(groups))
        for done, (scope, source, group) in enumerate(groups):
            for checked in self._answered(scope, source, group):
                found[checked.name] = checked
            advance(done, len(groups))
        return [found[check.name] for check in checks]

    # -- what can be told cheaply

    def _look_at_keys(self, checks: Sequence[Check]) -> None:
        """One look back along every single column that is to be unique."""
        for check in checks:
            at = (check.table, check.columns[0]) if len(check.columns) == 1 else None
            if check.scope == "unique" and at is not None and at not in self._ordered:
                self._ordered[at] = self._look(*at)
                self.rows[check.table] = self._ordered[at].rows

    def _look(self, table: str, column: str) -> Ordered:
        x = quoted(column)
        whole = self._facts.kind(table, column) == "integer"
        gaps = "count(*) FILTER (WHERE x <> b + 1)" if whole else "1"
        query = (
            f"SELECT count(*), count(*) - count(x), count(*) FILTER (WHERE NOT x > b), {gaps}, min(x), max(x) "
            f"FROM (SELECT {x} AS x, lag({x}) OVER () AS b FROM {quoted(table)})"
        )
        return Ordered(*self._target.connection.execute(query).fetchall()[0])

    def _simplified(self, check: Check) -> Check:
        """A reference to a key that is known to be a, a + 1 … b holds where it lies between."""
        if check.scope != "joined" or check.rule != "reference":
            return check
        ((_, name, other, key),) = check.joins.values()
        known = self._ordered.get((other, key))
        if known is None or not known.dense:
            return check
        x = f'"t".{quoted(name)}'
        return replace(check, scope="row", joins={}, broken=f"{x} < {literal(known.low)} OR {x} > {literal(known.high)}")

    # -- queries

    def _grouped(self, checks: Sequence[Check]) -> Iterator[tuple[str, str, list[Check]]]:
        """Checks that one query answers: its kind, its FROM, and they."""
        groups: dict[tuple[str, str], list[Check]] = {}
        for check in checks:
            groups.setdefault((check.scope, self._of(check)), []).append(check)
        for (scope, source), group in groups.items():
            yield scope, source, group

    def _of(self, check: Check) -> str:
        if check.scope in ("unique", "adjacent", "none", "rows"):
            return check.name
        return check.child if check.scope == "owned" else check.table

    def source(self, scope: str, group: Sequence[Check]) -> str:
        """The FROM of a group."""
        table = group[0].table
        if scope == "along":
            windows = {name: sql for check in group for name, sql in check.windows.items()}
            columns = "".join(f", {sql} AS {quoted(name)}" for name, sql in windows.items())
            return f'(SELECT *{columns} FROM {quoted(table)}) AS "t"'
        if scope == "owned":
            return self._with_figures(group)
        joins = {alias: join for check in group for alias, join in check.joins.items()}
        joined = "".join(
            f" LEFT JOIN {quoted(other)} AS {quoted(alias)} ON {quoted(of)}.{quoted(way)} = {quoted(alias)}.{quoted(key)}"
            for alias, (of, way, other, key) in joins.items()
        )
        return f'{quoted(table)} AS "t"{joined}'

    def _with_figures(self, group: Sequence[Check]) -> str:
        """Owners beside the figures over the rows that belong to them."""
        child = group[0].child
        owner = self._facts.owner_column(child)
        assert owner is not None
        other, key = self._facts.target(child, owner)
        figures = {name: sql for check in group for name, sql in check.figures.items()}
        numbered = any("row number" in sql for sql in figures.values())
        rows = f'(SELECT *, row_number() OVER () AS "row number" FROM {quoted(child)})' if numbered else quoted(child)
        columns = "".join(f", {sql} AS {quoted(name)}" for name, sql in figures.items())
        grouped = f'SELECT "t".{quoted(owner)} AS "owner", count(*) AS "n"{columns} FROM {rows} AS "t" GROUP BY "t".{quoted(owner)}'
        return f'{quoted(other)} AS "o" LEFT JOIN ({grouped}) AS "f" ON "o".{quoted(key)} = "f"."owner"'

    # -- answers

    def _answered(self, scope: str, source: str, group: list[Check]) -> list[Checked]:
        match scope:
            case "none":
                return [_row(check, skipped=check.skipped) for check in group]
            case "rows":
                return [self._size(group[0])]
            case "unique":
                return [self._repeated(group[0])]
            case "adjacent":
                return [self._adjacent(group[0])]
        started = time.perf_counter()
        try:
            return self._counted(scope, group)
        except self._errors as error:
            if len(group) == 1:
                return [_row(group[0], skipped=f"DuckDB could not say: {str(error).splitlines()[0]}", failed=True)]
            del started
            return [checked for check in group for checked in self._answered(scope, source, [check])]

    @property
    def _errors(self) -> type[Exception]:
        import duckdb

        return duckdb.Error  # type: ignore[no-any-return, unused-ignore]

    def _counted(self, scope: str, group: list[Check]) -> list[Checked]:
        started = time.perf_counter()
        source = self.source(scope, group)
        counts = ", ".join(
            f"count(*) FILTER (WHERE {check.condition}), " + (f"count(*) FILTER (WHERE {check.doubtful})" if check.doubt else "0")
            for check in group
        )
        row = self._target.connection.execute(f"SELECT {counts} FROM {source}").fetchall()[0]
        seconds = (time.perf_counter() - started) / len(group)
        found = []
        for number, check in enumerate(group):
            violations, doubtful = int(row[2 * number]), int(row[2 * number + 1])
            alone = self.source(scope, [check])
            examples = self._examples(scope, check, alone) if violations else []
            sql = f"SELECT count(*) FROM {alone} WHERE {check.condition}"
            rows = self.rows[self._facts.spec.tables[check.child].per.table] if scope == "owned" else self.rows[check.table]  # type: ignore[union-attr]
            found.append(
                _row(check, rows=rows - doubtful, violations=violations, doubtful=doubtful, examples=examples, sql=sql, seconds=seconds)
            )
        return found

    def _examples(self, scope: str, check: Check, source: str) -> list[dict[str, Any]]:
        """Keys of rows that break a rule, or their numbers where there are none; with the cells it speaks of."""
        table, alias = (self._facts.spec.tables[check.child].per.table, "o") if scope == "owned" else (check.table, "t")  # type: ignore[union-attr]
        stated = self._facts.table(table)
        there = [
            name for name in dict.fromkeys([*stated.key, *check.columns]) if name in stated.columns and not stated.columns[name].hidden
        ]
        if not any(name in stated.key for name in there):
            source = source.replace(
                f"{quoted(table)} AS {quoted(alias)}",
                f'(SELECT *, row_number() OVER () - 1 AS "row" FROM {quoted(table)}) AS {quoted(alias)}',
                1,
            )
            there = ["row", *there] if '"row"' in source else there
        columns = ", ".join(f"{quoted(alias)}.{quoted(name)} AS {quoted(name)}" for name in there) or "1 AS one"
        rows = self._target.connection.execute(f"SELECT {columns} FROM {source} WHERE {check.condition} LIMIT {_EXAMPLES}").fetchall()
        return [{name: _plain(value) for name, value in zip(there or ["one"], row, strict=True)} for row in rows]

    def _size(self, check: Check) -> Checked:
        rows = self.rows[check.table]
        sql = f"SELECT count(*) FROM {quoted(check.table)}"
        return _row(check, rows=rows, violations=abs(rows - int(check.broken)), sql=sql)

    def _repeated(self, check: Check) -> Checked:
        """Sets that are to be unique. Those of a key must all be there."""
        started, table = time.perf_counter(), quoted(check.table)
        columns = [quoted(name) for name in check.columns]
        rows = self.rows[check.table]
        there = " AND ".join(f"{name} IS NOT NULL" for name in columns)
        sql = f"SELECT sum(n - 1) FROM (SELECT count(*) AS n FROM {table} WHERE {there} GROUP BY {', '.join(columns)})"
        known = self._ordered.get((check.table, check.columns[0])) if len(columns) == 1 else None
        if (known is not None and known.ascending) or (len(columns) > 1 and self._ascends(table, columns)):
            return _row(check, rows=rows, sql=sql, seconds=time.perf_counter() - started)
        run = self._target.connection.execute
        hashed, complete = run(f"SELECT count(DISTINCT hash({', '.join(columns)})), count(*) FROM {table} WHERE {there}").fetchall()[0]
        violations = 0 if hashed == complete else int(run(sql).fetchall()[0][0] or 0)
        # Missing values of columns that must be there break rules of their own.
        loose = check.rule == "key" and any(self._facts.may_miss(check.table, name) for name in check.columns)
        violations += rows - complete if loose else 0
        examples = self._repeats(table, check, there) if violations else []
        return _row(check, rows=complete, violations=violations, examples=examples, sql=sql, seconds=time.perf_counter() - started)

    def _ascends(self, table: str, columns: list[str]) -> bool:
        """Whether each row's set comes after that of the row before, which makes all of them different."""
        later = "false"
        for number in reversed(range(len(columns))):
            later = f"(x{number} > b{number} OR (x{number} = b{number} AND {later}))"
        looked = ", ".join(f"{column} AS x{number}, lag({column}) OVER () AS b{number}" for number, column in enumerate(columns))
        query = f"SELECT count(*) FILTER (WHERE {later} IS NOT TRUE) FROM (SELECT {looked} FROM {table})"
        return int(self._target.connection.execute(query).fetchall()[0][0]) <= 1

    def _repeats(self, table: str, check: Check, there: str) -> list[dict[str, Any]]:
        listed = ", ".join(map(quoted, check.columns))
        query = f"SELECT {listed} FROM {table} WHERE {there} GROUP BY {listed} HAVING count(*) > 1 LIMIT {_EXAMPLES}"
        rows = self._target.connection.execute(query).fetchall()
        return [{name: _plain(value) for name, value in zip(check.columns, row, strict=True)} for row in rows]

    def _adjacent(self, check: Check) -> Checked:
        """The rows of an owner stand together: owners ascend, or change as often as there are different ones."""
        started = time.perf_counter()
        owner, table = quoted(check.columns[0]), quoted(check.table)
        run = self._target.connection.execute
        back = f"(SELECT {owner} AS x, lag({owner}) OVER () AS b FROM {table})"
        down, changes = run(f"SELECT count(*) FILTER (WHERE x < b), count(*) FILTER (WHERE x IS DISTINCT FROM b) FROM {back}").fetchall()[0]
        sql = f"SELECT count(*) FILTER (WHERE x IS DISTINCT FROM b) - count(DISTINCT x) FROM {back}"
        violations = 0 if down == 0 else changes - run(f"SELECT count(DISTINCT {owner}) FROM {table}").fetchall()[0][0]
        return _row(check, rows=self.rows[check.table], violations=violations, sql=sql, seconds=time.perf_counter() - started)


def _row(check: Check, **facts: Any) -> Checked:
    return Checked(name=check.name, table=check.table, columns=[name for name in check.columns if name], what=check.what, **facts)


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)
