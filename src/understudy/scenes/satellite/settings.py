"""What a description of a picture from above may say."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from understudy.scenes.spec.common import Light, Settings
from understudy.scenes.spec.values import AnyValue, count, number, word

SITES = ("city", "fields", "port", "coast")
STYLES = ("suburb", "town", "downtown", "industrial")
SEASONS = ("spring", "summer", "autumn", "winter")


def law(stated: object) -> Any:
    """A distribution as YAML writes it; pydantic makes a value of it."""
    return stated


class City(Settings):
    """Streets and blocks."""

    style: Annotated[AnyValue, word(*STYLES)] = Field(default=law({"choice": list(STYLES)}))
    block_m: Annotated[AnyValue, number(40, 300)] = Field(
        default=law({"uniform": [70, 120]}), description="size at which blocks are split no more"
    )
    bend_m: Annotated[AnyValue, number(0, 30)] = Field(
        default=law({"uniform": [0, 9]}), description="how far streets leave a straight line"
    )
    turn_deg: Annotated[AnyValue, number(-45, 45)] = Field(
        default=law({"uniform": [-45, 45]}), description="of the streets against the picture"
    )
    traffic: Annotated[AnyValue, number(0, 1)] = Field(default=law({"uniform": [0.1, 0.8]}), description="density of cars that drive")
    parked: Annotated[AnyValue, number(0, 1)] = Field(default=law({"uniform": [0.2, 0.8]}), description="share of stalls that are taken")
    trees: Annotated[AnyValue, number(0, 1.5)] = Field(default=law({"uniform": [0.3, 1.0]}), description="1 for a green city")
    pools: Annotated[AnyValue, number(0, 1)] = Field(default=law({"uniform": [0, 0.4]}), description="share of gardens with a pool")


class Fields(Settings):
    """Farmland."""

    parcel_m: Annotated[AnyValue, number(30, 1500)] = Field(
        default=law({"lognormal": [170, 0.4], "within": [60, 600]}), description="size of fields"
    )
    pivots: Annotated[AnyValue, number(0, 1)] = Field(default=law({"mixture": [{"weight": 3, "value": 0.0}, {"weight": 1, "value": 0.6}]}),
                                                      description="share of large fields that are watered in circles")  # fmt: skip
    hedges: Annotated[AnyValue, number(0, 1)] = Field(default=law({"uniform": [0, 0.7]}), description="share of borders with trees")
    woods: Annotated[AnyValue, number(0, 1)] = Field(default=law({"uniform": [0.02, 0.2]}), description="share of fields that are wood")
    river: Annotated[AnyValue, number(0, 1)] = Field(default=0.4, description="probability of a river")


class Port(Settings):
    """A quay, what lies at it, and what is behind it."""

    ships: Annotated[AnyValue, number(0, 1)] = Field(default=law({"uniform": [0.3, 0.9]}), description="share of berths that are taken")
    at_sea: Annotated[AnyValue, count(0, 60)] = Field(
        default=law({"integer": [2, 10]}), description="ships under way in each square kilometre"
    )
    containers: Annotated[AnyValue, number(0, 1)] = Field(default=law({"uniform": [0.3, 0.9]}), description="how full the yard is")
    tanks: Annotated[AnyValue, number(0, 1)] = Field(default=0.5, description="share of the land behind that is a tank farm")


class Coast(Settings):
    """Islands or a coast with hills, as satellites of medium resolution see them."""

    land: Annotated[AnyValue, number(0, 1)] = Field(default=law({"uniform": [0.25, 0.75]}), description="share of the picture that is land")
    relief_m: Annotated[AnyValue, number(0, 3000)] = Field(
        default=law({"lognormal": [220, 0.7], "within": [15, 1800]}), description="height of hills"
    )
    shelf_m: Annotated[AnyValue, number(0.5, 200)] = Field(
        default=law({"lognormal": [9, 0.6], "within": [2, 60]}), description="depth of the shelf"
    )
    farmed: Annotated[AnyValue, number(0, 1)] = Field(default=law({"uniform": [0.1, 0.6]}), description="share of the lowlands with fields")
    towns: Annotated[AnyValue, number(0, 1)] = Field(
        default=law({"uniform": [0.02, 0.25]}), description="share of the lowlands that is built up"
    )
    dry: Annotated[AnyValue, number(0, 1)] = Field(default=law({"uniform": [0, 0.8]}), description="0 for forests, 1 for steppe and rock")


class Change(Settings):
    """What differs between two dates."""

    dates: int = Field(default=1, ge=1, le=2, description="2 for a pair of pictures of one place")
    days: Annotated[AnyValue, number(0.01, 20000)] = Field(default=law({"uniform": [20, 700]}))
    built: Annotated[AnyValue, number(0, 1)] = Field(
        default=0.08, description="share of buildings that are not there yet at the first date"
    )
    removed: Annotated[AnyValue, number(0, 1)] = Field(default=0.04, description="share that is gone at the second date")
    moved: Annotated[AnyValue, number(0, 1)] = Field(default=0.75, description="share of vehicles, ships and containers that come or go")
    fields: Annotated[AnyValue, number(0, 1)] = Field(default=0.4, description="share of fields that are sown, ripe or harvested meanwhile")
    sun_deg: Annotated[AnyValue, number(0, 60)] = Field(default=law({"uniform": [0, 15]}), description="by which the sun stands elsewhere")


class Detector(Settings):
    """The sensor."""

    width: int = Field(default=640, ge=16, le=8192)
    height: int = Field(default=480, ge=16, le=8192)
    noise: Annotated[AnyValue, number(0, 0.1)] = Field(default=0.0025, description="standard deviation in reflectance")
    stripes: Annotated[AnyValue, number(0, 0.2)] = Field(default=0.0, description="relative error between detectors, along columns")
    dead_columns: Annotated[AnyValue, count(0, 50)] = 0


class SatelliteSettings(Settings):
    """A place seen from above."""

    site: Annotated[AnyValue, word(*SITES)] = "city"
    gsd_m: Annotated[AnyValue, number(0.1, 60)] = Field(default=0.5, description="ground sampling distance: m between pixels")
    bands: Annotated[AnyValue, word("rgb", "multispectral", "panchromatic")] = Field(
        default="rgb", description="rgb: 8 bits for the eye; multispectral: red, green, blue, nir, swir1 as reflectance × 40,000"
    )
    off_nadir_deg: Annotated[AnyValue, number(0, 50)] = Field(
        default=law({"uniform": [0, 18]}), description="of the view against the vertical"
    )
    view_azimuth_deg: Annotated[AnyValue, number(-360, 360)] = Field(
        default=law({"uniform": [0, 360]}), description="where the sensor is, from x"
    )
    light: Light = Light(sun_elevation_deg=law({"uniform": [30, 65]}), sun_azimuth_deg=law({"uniform": [200, 340]}), cloud=0.0)
    haze: Annotated[AnyValue, number(0, 3)] = Field(
        default=law({"uniform": [0.03, 0.15]}), description="aerosol optical depth; 1 hides contrast"
    )
    cloud_thickness: Annotated[AnyValue, number(0.02, 3)] = Field(default=1.0, description="below .2 the ground shows through")
    season: Annotated[AnyValue, word(*SEASONS)] = Field(default=law({"choice": {"spring": 1, "summer": 2, "autumn": 1, "winter": 0.4}}))
    snow: Annotated[AnyValue, number(0, 1)] = Field(default=0.0, description="share of the ground that is white")
    sensor: Detector = Detector()
    change: Change = Change()
    city: City = City()
    fields: Fields = Fields()
    port: Port = Port()
    coast: Coast = Coast()
