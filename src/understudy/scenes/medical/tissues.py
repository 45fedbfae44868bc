"""What bodies are made of, as X-rays and magnetic resonance see it.

X-rays: partial densities (g/cm³) of the materials of `attenuation`, and iodine (mg/ml) that a tissue takes up a while after contrast agent
was injected. Densities after ICRU Report 44 (1989) and ICRP Publication 110 (2009), rounded to usual Hounsfield units.

Magnetic resonance: relaxation times T1 at 1.5 and 3 T, T2, in ms. From G. J. Stanisz et al., "T1, T2 relaxation and magnetization transfer
in tissue at 3T", Magn. Reson. Med. 54, 507 (2005), and C. M. J. de Bazelaire et al., "MR imaging relaxation times of abdominal and pelvic
tissues measured in vivo at 3.0 T", Radiology 230, 652 (2004); fluids, bone and teeth: usual rounded values. Proton densities relative to
water.
"""

from __future__ import annotations

from dataclasses import dataclass

from understudy.scenes.medical.attenuation import partial


@dataclass(frozen=True)
class Tissue:
    """A tissue.

    Attributes:
        name: "liver".
        densities: g/cm³ of each material of `attenuation.MATERIALS`.
        iodine: mg/ml after contrast agent, in the portal venous phase.
        texture: relative variation of the density inside it. grain: mm, its wavelength.
        protons: proton density relative to water.
        t1, t1_3t, t2: ms at 1.5 T, at 3 T, and at both.
        fat: protons of fat, which are seen shifted along the readout.
        gadolinium: share by which contrast agent shortens T1 (1: not at all).
    """

    name: str
    densities: tuple[float, ...]
    iodine: float = 0.0
    texture: float = 0.0
    grain: float = 6.0
    protons: float = 0.8
    t1: float = 1000.0
    t1_3t: float = 1300.0
    t2: float = 50.0
    fat: bool = False
    gadolinium: float = 1.0

    def t1_at(self, tesla: float) -> float:
        """ms; between and beyond 1.5 and 3 T by the power law through both."""
        if self.t1 == self.t1_3t:
            return self.t1
        import math

        slope = math.log(self.t1_3t / self.t1) / math.log(2.0)
        return float(self.t1 * (tesla / 1.5) ** slope)


def _soft(name: str, density: float, mr: tuple[float, float, float, float], **more: float) -> Tissue:
    protons, t1, t1_3t, t2 = mr
    return Tissue(name, partial(muscle=density), protons=protons, t1=t1, t1_3t=t1_3t, t2=t2, **more)  # type: ignore[arg-type]


def _fluid(name: str, density: float, mr: tuple[float, float, float, float], **more: float) -> Tissue:
    protons, t1, t1_3t, t2 = mr
    return Tissue(name, partial(water=density), protons=protons, t1=t1, t1_3t=t1_3t, t2=t2, **more)  # type: ignore[arg-type]


def _mixed(name: str, densities: tuple[float, ...], mr: tuple[float, float, float, float], **more: float) -> Tissue:
    protons, t1, t1_3t, t2 = mr
    return Tissue(name, densities, protons=protons, t1=t1, t1_3t=t1_3t, t2=t2, **more)  # type: ignore[arg-type]


_NONE = (0.0, 1000.0, 1000.0, 10.0)
_MARROW = (0.85, 549.0, 586.0, 49.0)
_FAT = (0.9, 343.0, 382.0, 68.0)

TISSUES: dict[str, Tissue] = {
    tissue.name: tissue
    for tissue in (
        _mixed("air", partial(muscle=0.0012), _NONE),
        _soft("skin", 1.07, (0.7, 700.0, 850.0, 35.0)),
        _mixed("fat", partial(adipose=0.93), _FAT, texture=0.012, grain=14.0, fat=True),
        _mixed("bowel fat", partial(adipose=0.945), _FAT, texture=0.02, grain=7.0, fat=True),
        _soft("muscle", 1.055, (0.8, 1008.0, 1412.0, 44.0), texture=0.01, grain=8.0, iodine=0.4),
        _soft("lung", 0.17, (0.12, 1000.0, 1200.0, 30.0), texture=0.16, grain=7.0, iodine=0.3),
        _soft("blood", 1.045, (0.9, 1441.0, 1932.0, 275.0), iodine=4.8, gadolinium=0.2),
        _soft("vessel wall", 1.06, (0.75, 900.0, 1100.0, 50.0), iodine=0.8),
        _soft("heart muscle", 1.05, (0.8, 1030.0, 1471.0, 40.0), texture=0.008, iodine=2.6, gadolinium=0.5),
        _soft("liver", 1.06, (0.75, 576.0, 812.0, 46.0), texture=0.008, grain=5.0, iodine=1.9, gadolinium=0.6),
        _soft("spleen", 1.05, (0.8, 1057.0, 1328.0, 79.0), texture=0.008, grain=5.0, iodine=2.6, gadolinium=0.5),
        _soft("kidney cortex", 1.04, (0.82, 966.0, 1142.0, 87.0), texture=0.008, iodine=5.2, gadolinium=0.35),
        _soft("kidney medulla", 1.035, (0.85, 1412.0, 1545.0, 85.0), texture=0.008, iodine=3.4, gadolinium=0.5),
        _fluid("urine", 1.01, (1.0, 3500.0, 3800.0, 900.0)),
        _soft("pancreas", 1.04, (0.78, 584.0, 725.0, 46.0), texture=0.025, grain=5.0, iodine=2.0, gadolinium=0.5),
        _soft("gut wall", 1.045, (0.78, 900.0, 1150.0, 55.0), iodine=1.8, gadolinium=0.6),
        _fluid("gut fluid", 1.02, (0.95, 2500.0, 2800.0, 400.0), texture=0.02, grain=6.0),
        _soft("stool", 0.94, (0.6, 700.0, 900.0, 40.0), texture=0.16, grain=7.0),
        _fluid("bile", 1.012, (0.97, 2000.0, 2400.0, 500.0)),
        _soft("gland", 1.02, (0.75, 800.0, 1100.0, 55.0), texture=0.03, grain=8.0, iodine=0.6),
        _mixed("cortical bone", partial(bone=1.75), (0.05, 250.0, 300.0, 0.6), texture=0.03, grain=5.0),
        _mixed("dense bone", partial(bone=1.95), (0.04, 250.0, 300.0, 0.5)),
        _mixed("spongy bone", partial(adipose=0.62, muscle=0.16, bone=0.36), _MARROW, texture=0.10, grain=3.0, fat=True),
        _mixed("light spongy bone", partial(adipose=0.75, bone=0.22), _MARROW, texture=0.18, grain=2.5, fat=True),
        _mixed("marrow", partial(adipose=0.96, muscle=0.02), (0.9, 400.0, 430.0, 55.0), texture=0.02, fat=True),
        _mixed("cartilage", partial(muscle=1.08, bone=0.025), (0.7, 1024.0, 1168.0, 30.0), texture=0.04, grain=6.0),
        _soft("disc", 1.09, (0.85, 1100.0, 1300.0, 80.0)),
        _soft("tendon", 1.11, (0.3, 500.0, 600.0, 4.0)),
        _soft("grey matter", 1.043, (0.82, 1124.0, 1820.0, 95.0), texture=0.003, iodine=0.25),
        _soft("deep grey matter", 1.042, (0.80, 1050.0, 1600.0, 80.0), texture=0.003, iodine=0.25),
        _soft("white matter", 1.034, (0.70, 884.0, 1084.0, 72.0), texture=0.003, iodine=0.12),
        _fluid("cerebrospinal fluid", 1.007, (1.0, 4000.0, 4200.0, 2000.0)),
        _soft("cord", 1.04, (0.72, 745.0, 993.0, 74.0)),
        _fluid("vitreous", 1.006, (1.0, 3500.0, 4000.0, 1200.0)),
        _soft("lens", 1.09, (0.6, 900.0, 1100.0, 30.0)),
        _soft("mucosa", 1.03, (0.85, 1100.0, 1400.0, 90.0), iodine=1.0, gadolinium=0.4),
        _mixed("titanium", partial(titanium=4.5), _NONE),
        _mixed("steel", partial(iron=7.8), _NONE),
        _mixed("gold", partial(gold=15.0), _NONE),
    )
}
"""By name."""
