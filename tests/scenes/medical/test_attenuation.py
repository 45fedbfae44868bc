import numpy as np
import pytest

from understudy.scenes.medical.attenuation import COEFFICIENTS, ENERGIES_KEV, MATERIALS, coefficient, monochromatic, spectrum


def test_coefficients_are_the_table_at_its_energies():
    for material, table in COEFFICIENTS.items():
        assert coefficient(material, np.array(ENERGIES_KEV[1:])) == pytest.approx(np.array(table[1:]), rel=1e-9)


def test_iodine_jumps_up_at_its_k_edge_and_falls_elsewhere():
    below, above, later = coefficient("iodine", np.array([33.1, 33.2, 60.0]))
    assert above > 5 * below
    assert later < above


def test_a_higher_voltage_and_a_thicker_filter_harden_the_beam():
    assert spectrum(80).mean_kev < spectrum(120).mean_kev < spectrum(140).mean_kev
    assert spectrum(120, aluminium_mm=2).mean_kev < spectrum(120, aluminium_mm=8).mean_kev


def test_signal_of_one_energy_is_beers_law():
    lengths = np.zeros(len(MATERIALS))
    lengths[MATERIALS.index("water")] = 10.0
    assert monochromatic(60.0).signal(lengths) == pytest.approx(np.exp(-10 * 0.2059), rel=1e-9)


def test_many_energies_are_weakened_less_than_the_first_centimetre_promises():
    water = np.zeros((3, len(MATERIALS)))
    water[:, MATERIALS.index("water")] = [0.1, 1.0, 30.0]
    mean = -np.log(spectrum(120).signal(water)) / [0.1, 1.0, 30.0]
    assert mean[0] > mean[1] > mean[2]
