"""sqlglot (extra `rules`), asked for SQL in any dialect: errors in words, nothing written to the screen."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from understudy.core.errors import ArgumentError, MissingExtraError, SchemaError, did_you_mean

if TYPE_CHECKING:
    from sqlglot import exp

_USUAL = {"postgresql": "postgres", "mssql": "tsql", "sqlserver": "tsql", "sql server": "tsql", "mariadb": "mysql", "sqlite3": "sqlite"}


def require_sqlglot(purpose: str) -> Any:
    """The module. Raises `MissingExtraError` with the install line."""
    try:
        import sqlglot
    except ImportError:
        raise MissingExtraError.of("rules", purpose) from None
    return sqlglot


def dialect_name(dialect: str | None) -> str | None:
    """A dialect by sqlglot's name for it. Raises `ArgumentError` with the nearest."""
    sqlglot = require_sqlglot("Reading and writing SQL")
    if dialect is None:
        return None
    known = [name for name in sqlglot.Dialect.classes if name]
    name = _USUAL.get(dialect.lower(), dialect.lower())
    if name not in known:
        raise ArgumentError(f'"{dialect}" is no dialect of SQL that can be read.', remedy=did_you_mean(name, known))
    return name


def parse_statements(text: str, dialect: str | None, origin: str) -> list[exp.Expression]:
    """All statements of a text. Raises `SchemaError` with the line of the first that is no SQL."""
    sqlglot = require_sqlglot("Reading SQL")
    with _quiet():
        try:
            return [statement for statement in sqlglot.parse(text, read=dialect) if statement is not None]
        except sqlglot.errors.SqlglotError as error:
            first = (getattr(error, "errors", None) or [{}])[0]
            what = str(first.get("description") or error).splitlines()[0].rstrip(".")
            near = f"{first.get('start_context', '')[-40:]}⟨{first.get('highlight', '')}⟩".replace("\n", " ").strip()
            line = f", line {first['line']}" if first.get("line") else ""
            raise SchemaError(
                f"This is not SQL as it can be read: {what}{f' at {near}' if first.get('highlight') else ''}.",
                where=f"{origin}{line}",
                remedy="Say the dialect: postgres, mysql, sqlite, tsql, oracle, duckdb …",
            ) from None


def parse_condition(text: str, dialect: str | None) -> exp.Expression | None:
    """A condition; None where it cannot be read."""
    sqlglot = require_sqlglot("Reading checks")
    with _quiet():
        try:
            found: exp.Expression = sqlglot.parse_one(f"SELECT 1 WHERE {text}", read=dialect).args["where"].this
        except sqlglot.errors.SqlglotError:
            return None
    return found


def without_negations(node: exp.Expression) -> exp.Expression:
    """`x IS NOT y` and its like as NOT of the plain form: some readers keep the negation inside."""
    from sqlglot import exp

    def plain(part: exp.Expression) -> exp.Expression:
        if not part.args.get("negate"):
            return part
        inner = part.copy()
        inner.set("negate", None)
        return exp.Not(this=inner)

    return node.transform(plain)


@contextmanager
def _quiet() -> Iterator[None]:
    """What cannot be read is told in notes, not in a log."""
    logger = logging.getLogger("sqlglot")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
