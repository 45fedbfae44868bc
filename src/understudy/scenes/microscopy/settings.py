"""What a description of the world `microscopy` may say."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from understudy.scenes.spec.common import Settings
from understudy.scenes.spec.values import AnyValue, Choice, Normal, Poisson, Uniform, number, switch, word
from understudy.scenes.spec.values import count as whole

RED = ("disc", "pale", "dense", "oval", "target", "crenated", "teardrop")
WHITE = ("neutrophil", "lymphocyte", "monocyte", "eosinophil")


class Red(Settings):
    """Red cells; diameter, kind and pallor are drawn for each anew."""

    density: Annotated[AnyValue, number(0, 60)] = Field(default=Uniform(uniform=(7, 14)), description="cells in 1000 µm²")
    diameter_um: Annotated[AnyValue, number(2, 16)] = Normal(normal=(7.3, 0.65), within=(5, 10))
    kind: Annotated[AnyValue, word(*RED)] = Choice(
        choice={"disc": 58, "pale": 12, "dense": 5, "oval": 20, "target": 2, "crenated": 1, "teardrop": 2}
    )
    pallor: Annotated[AnyValue, number(0, 1)] = Field(default=Uniform(uniform=(0.1, 1.0)), description="how much paler the centre is")
    clustering: Annotated[AnyValue, number(0, 1)] = Field(default=Uniform(uniform=(0.25, 0.8)), description="share that lie on another one")
    thinning: Annotated[AnyValue, number(0, 1)] = Field(
        default=0.6, description="how much less a cell takes of the light where it lies on another: both are pressed flat"
    )
    droplets: Annotated[AnyValue, number(0, 1)] = Field(default=0.15, description="share with refracting drops of drying")


class White(Settings):
    """White cells; kind and diameter are drawn for each anew."""

    count: Annotated[AnyValue, whole(0, 30)] = Choice(choice={0: 0.06, 1: 0.86, 2: 0.08})
    kind: Annotated[AnyValue, word(*WHITE)] = Choice(choice={"neutrophil": 60, "lymphocyte": 27, "monocyte": 9, "eosinophil": 4})
    size: Annotated[AnyValue, number(0.5, 2)] = Field(
        default=Normal(normal=(1, 0.12), within=(0.7, 1.4)), description="1: usual for the kind"
    )


class Platelets(Settings):
    """Platelets; the diameter is drawn for each anew."""

    count: Annotated[AnyValue, whole(0, 200)] = Poisson(poisson=1.2, within=(0, 8))
    diameter_um: Annotated[AnyValue, number(0.8, 6)] = Normal(normal=(2.9, 0.45), within=(1.5, 4.5))
    clumped: Annotated[AnyValue, switch()] = Field(default=False, description="all lie together")


class Stain(Settings):
    """How the smear was stained."""

    strength: Annotated[AnyValue, number(0.05, 4)] = Uniform(uniform=(0.65, 1.0))
    blueness: Annotated[AnyValue, number(-1, 1)] = Field(default=Normal(normal=(0, 0.25), within=(-0.7, 0.7)), description="of red cells")
    unevenness: Annotated[AnyValue, number(0, 1)] = Field(default=0.1, description="between one cell and the next")


class Lamp(Settings):
    """The lit field without any cell."""

    brightness: Annotated[AnyValue, number(0.05, 1)] = Field(default=Uniform(uniform=(0.58, 0.69)), description="linear, 1: white")
    warmth: Annotated[AnyValue, number(-0.5, 0.5)] = Field(default=Normal(normal=(0, 0.04), within=(-0.15, 0.15)), description="more red")
    pink: Annotated[AnyValue, number(-0.5, 0.5)] = Field(default=Normal(normal=(0, 0.03), within=(-0.1, 0.1)), description="less green")
    unevenness: Annotated[AnyValue, number(0, 0.3)] = Field(default=0.025, description="of brightness and hue across the field")
    vignette: Annotated[AnyValue, number(0, 1)] = Field(default=Uniform(uniform=(0.05, 0.25)), description="light lost in the corners")


class Optics(Settings):
    """Lens and sensor."""

    defocus_um: Annotated[AnyValue, number(0, 3)] = Field(default=Uniform(uniform=(0.08, 0.2)), description="radius of a point's blur")
    depth_um: Annotated[AnyValue, number(0, 2)] = Field(default=0.08, description="further blur of cells above and below the focus")
    fringe: Annotated[AnyValue, number(0, 0.02)] = Field(default=0.001, description="by which red is larger than blue, share of the field")
    noise: Annotated[AnyValue, number(0, 50)] = Field(default=Uniform(uniform=(1.2, 2.4)), description="steps of 8 bits")
    quality: Annotated[AnyValue, whole(0, 100)] = Field(default=90, description="of JPEG compression in the picture; 0: none")


class MicroscopySettings(Settings):
    """A field of a blood smear."""

    width: int = Field(default=640, ge=32, le=8192)
    height: int = Field(default=480, ge=32, le=8192)
    pixels_per_um: Annotated[AnyValue, number(0.5, 100)] = 14.0
    red: Red = Red()
    white: White = White()
    platelets: Platelets = Platelets()
    debris: Annotated[AnyValue, whole(0, 100)] = Field(default=Poisson(poisson=0.8, within=(0, 5)), description="specks of dust and stain")
    stain: Stain = Stain()
    light: Lamp = Lamp()
    optics: Optics = Optics()
