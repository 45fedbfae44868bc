"""Phantoms of bodies seen by scanners: CT, MRI, X-ray; with masks of organs and lesions that are true by construction.

The phantoms are drawn shapes, no anatomical atlas, and nobody's body; what is made of them is not for diagnosis. Every item says so
(`NOTICE`), and so does every DICOM file that is written of one.

Coordinates of a phantom are those of DICOM: millimetres, x to the patient's left, y to the back, z to the head. A volume is indexed
[z, y, x], all three upwards, so that its slices look as radiologists hang them. Labels in the world frame (x forward, y left, z up, metres)
are x = -y, y = x, z = z of these, divided by 1000.
"""

NOTICE = "Synthetic phantom: drawn shapes, no anatomical atlas and no person. Not for diagnosis."

__all__ = ["NOTICE"]
