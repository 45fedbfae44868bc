"""Personal data made anew: the same form, nobody's.

Names, streets and towns come from the project's own vocabulary; numbers and addresses from ranges that are set aside for examples or never
issued (each class in `people/` names its source). A row's person is the same in every column of a table, so that first name, full
name, e-mail and user name go together.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import polars as pl

from understudy.core.random import Stream
from understudy.data.keyed import Rows
from understudy.data.people.contact import Email, Phone, Url, Username
from understudy.data.people.form import Form
from understudy.data.people.names import FirstName, FullName, LastName
from understudy.data.people.numbers import Card, Iban, IpAddress, NationalId
from understudy.data.people.places import Address, City, Postcode, Street
from understudy.data.regenerator import Regenerator
from understudy.data.schema import ColumnSchema

_FORMS: dict[str, type[Form]] = {
    "name": FullName, "first_name": FirstName, "last_name": LastName, "email": Email, "username": Username, "phone": Phone, "url": Url,
    "address": Address, "street": Street, "city": City, "postcode": Postcode, "iban": Iban, "card": Card, "ip": IpAddress,
    "national_id": NationalId,
}  # fmt: skip


class PersonalData(Regenerator):
    """One column of personal data of one form."""

    tag: ClassVar[str] = "personal"

    def __init__(self, form: Form) -> None:
        self.form = form
        self.notes = [form.note]

    @classmethod
    def fit(cls, values: pl.Series, column: ColumnSchema, stream: Stream) -> Self:
        form = _FORMS[column.personal or "name"]
        return cls(form.fit(values, unique=bool(column.unique)))

    def texts(self, rows: Rows, stream: Stream) -> pl.Series:
        return self.form.make(rows, stream) if len(rows) else pl.Series([], dtype=pl.String)

    def to_dict(self) -> dict[str, Any]:
        return {"tag": self.tag, "dtype": self.dtype, "personal": self.form.personal, "form": self.form.facts()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        made = cls(_FORMS[state["personal"]](**state["form"]))
        made.dtype = state["dtype"]
        return made
