"""Settings of the products world."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from understudy.scenes.models.products import KINDS
from understudy.scenes.spec.common import Light, Sensor, Settings
from understudy.scenes.spec.values import AnyValue, Choice, Integer, Uniform, count, number, word

SETUPS = ("turntable", "clutter", "shelf")
ROOMS = ("studio", "home")


class ProductCamera(Settings):
    """The camera. It looks at the middle of what is shown."""

    elevation_deg: Annotated[AnyValue, number(-5, 85)] = Field(default=Uniform(uniform=(8.0, 40.0)), description="above the goods")
    azimuth_deg: Annotated[AnyValue, number(-180, 180)] = Field(
        default=Uniform(uniform=(-25.0, 25.0)), description="to the left of their front"
    )
    field_of_view_deg: Annotated[AnyValue, number(10, 90)] = 38.0
    fill: Annotated[AnyValue, number(0.1, 2)] = Field(default=Uniform(uniform=(0.55, 0.85)), description="share of the picture's height")
    aim: Annotated[AnyValue, number(-0.6, 0.6)] = Field(default=0.0, description="how far it looks past the middle, a share of its sight")
    sensor: Sensor = Sensor.model_validate({"noise": 0.8})


class ProductsSettings(Settings):
    """Goods of an assortment. setup: "turntable" shows one article, which turns where there are frames; "clutter" many on a table; "shelf"
    rows of them, several of each. Articles are numbered; the same number in the same assortment is the same article in every item, and
    every third article is one that is easily taken for the one before."""

    setup: Annotated[AnyValue, word(*SETUPS)] = Choice(choice=dict.fromkeys(SETUPS, 1.0))
    room: Annotated[AnyValue, word(*ROOMS)] = Choice(choice={"studio": 0.5, "home": 0.5})
    assortment: int = Field(default=0, ge=0, description="number of the assortment")
    articles: int = Field(default=150, ge=1, le=100_000, description="in the assortment")
    kind: Annotated[AnyValue, word("any", *KINDS)] = Field(default="any", description="only goods of this kind")
    view_deg: Annotated[AnyValue, number(-180, 180)] = Field(
        default=Uniform(uniform=(-180.0, 180.0)), description="of a turntable's article"
    )
    things: Annotated[AnyValue, count(2, 40)] = Field(default=Integer(integer=(6, 14)), description="in a clutter")
    spread_m: Annotated[AnyValue, number(0.05, 2)] = Field(default=0.8, description="how far from the middle goods in a clutter may stand")
    turned: Annotated[AnyValue, number(0, 180)] = Field(default=50.0, description="degrees by which goods in a clutter may be turned away")
    facings: Annotated[AnyValue, count(1, 6)] = Field(default=Integer(integer=(1, 3)), description="of an article side by side on a shelf")
    gaps: Annotated[AnyValue, number(0, 0.9)] = Field(default=0.08, description="share of a shelf's places that are empty")
    camera: ProductCamera = ProductCamera()
    light: Light = Light.model_validate(
        {"sun_elevation_deg": {"uniform": [25, 60]}, "sun_azimuth_deg": {"uniform": [-60, 60]}, "cloud": 0.1}
    )
    backdrop: Literal["white", "grey", "varied"] = "varied"
